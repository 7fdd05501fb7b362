"""Pictures of a product as clients see them: those in our own store, and then those that its description links to."""

from __future__ import annotations

from typing import Any

from domain.catalog.media import Picture, renditions_of
from streams.indexing.assembly import OnSale

ADDRESS = "/api/"
"""Of the query service; keys of pictures begin with ``media/``."""


def address_of(picture: Picture) -> str:
    return ADDRESS + picture.key


def image_of(one: OnSale) -> str | None:
    """The first picture."""
    if one.pictures:
        return address_of(one.pictures[0])
    media = one.product.description.media
    return media[0] if media else None


def image_json(one: OnSale) -> dict[str, Any]:
    """The first picture, and smaller ones of it where there are some."""
    told: dict[str, Any] = {"image": image_of(one)}
    if one.pictures and (made := renditions_json(one.pictures[0])):
        told["renditions"] = made
    return told


def renditions_json(picture: Picture) -> list[dict[str, Any]]:
    return [{"width": width, "height": height, "url": ADDRESS + key} for key, width, height in renditions_of(picture)]


def sizes_json(picture: Picture) -> dict[str, Any]:
    known = picture.rendered
    return {
        "width": known and known.width,
        "height": known and known.height,
        "renditions": renditions_json(picture),
    }


UNKNOWN: dict[str, Any] = {"width": None, "height": None, "renditions": []}
"""Of what lies elsewhere."""


def pictures_json(one: OnSale) -> list[dict[str, Any]]:
    own = [
        (picture.media_id, address_of(picture), picture.alt, picture.media_type, sizes_json(picture))
        for picture in one.pictures
    ]
    elsewhere = [(None, url, "", None, UNKNOWN) for url in one.product.description.media]
    return [
        {"mediaId": media_id, "url": url, "alt": alt, "type": media_type, "position": position, **sizes}
        for position, (media_id, url, alt, media_type, sizes) in enumerate([*own, *elsewhere])
    ]
