"""Taking up a picture that was uploaded: looked at, decoded, and put where nobody can upload over it."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from domain.catalog.media import SIZE_MAX, TYPES, Picture, media_type_of
from domain.errors import Invalid, NotFound
from streams.objects.port import Objects, TooLarge
from streams.renditions.lost import renew
from streams.renditions.rendering import Undecodable, keep, render
from writeapi.merchants.uploads import uploaded


class TakenUp(NamedTuple):
    picture: Picture
    size: int
    """Bytes."""
    lying: str | None = None
    """The upload, which is deleted when the picture is recorded: until then it can be taken up again."""
    why_not: str | None = None
    """Why it could not be decoded."""


def upload_name(product_id: str, media_id: str) -> str:
    return f"{product_id}.{media_id}"


async def take_up(objects: Objects, owner_id: str, product_id: str, media_id: str) -> TakenUp:
    """What was uploaded under this id. Raises NotFound, Invalid, ObjectsUnavailable."""
    lying = await uploaded(objects, owner_id, upload_name(product_id, media_id))
    try:
        body = await objects.get(lying, SIZE_MAX) if lying else None
    except TooLarge:
        raise Invalid(f"the file is larger than {SIZE_MAX} bytes", "/mediaId") from None
    if lying is None or body is None:
        raise NotFound("nothing was uploaded under this id, or it was taken up already and removed")
    media_type = media_type_of(body[:16])
    if media_type is None:
        await objects.delete(lying)
        raise Invalid("the file is no picture in JPEG, PNG, WebP, GIF or AVIF", "/mediaId")
    picture = Picture(media_id, f"media/{product_id}/{media_id}.{TYPES[media_type]}", media_type)
    picture, why_not = await _decoded(objects, picture, body)
    await objects.put(picture.key, body, media_type)
    return TakenUp(picture, len(body), lying, why_not)


async def once_more(objects: Objects, picture: Picture) -> TakenUp:
    """One that is shown: decoded if it is not known what is in it; renditions that were lost are made anew. Raises
    ObjectsUnavailable."""
    if picture.rendered is not None:
        await renew(objects, picture)
        return TakenUp(picture, 0)
    try:
        body = await objects.get(picture.key, SIZE_MAX)
    except TooLarge:
        body = None
    if body is None:
        return TakenUp(picture, 0, None, "its file is not there any more")
    picture, why_not = await _decoded(objects, picture, body)
    return TakenUp(picture, len(body), None, why_not)


async def _decoded(objects: Objects, picture: Picture, body: bytes) -> tuple[Picture, str | None]:
    """With renditions, which are kept; or why there are none. Raises ObjectsUnavailable."""
    try:
        made = await render(body, picture.media_type)
    except Undecodable as error:
        return picture, str(error)
    picture = replace(picture, rendered=made.rendered)
    await keep(objects, picture, made)
    return picture, None
