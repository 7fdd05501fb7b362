"""Pictures of a product as clients see them: those in our own store, and then those that its description links to."""

from __future__ import annotations

from typing import Any

from domain.catalog.media import Picture
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


def pictures_json(one: OnSale) -> list[dict[str, Any]]:
    own = [(picture.media_id, address_of(picture), picture.alt, picture.media_type) for picture in one.pictures]
    elsewhere = [(None, url, "", None) for url in one.product.description.media]
    return [
        {"mediaId": media_id, "url": url, "alt": alt, "type": media_type, "position": position}
        for position, (media_id, url, alt, media_type) in enumerate([*own, *elsewhere])
    ]
