"""Pictures themselves, for browsers and whatever keeps copies in front of them."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.catalog.media import SIZE_MAX, TYPES, Picture, renditions_of
from domain.errors import NotFound
from projections.catalog.media import MEDIA, MediaRow
from projections.views import ViewsUnavailable
from readapi.edge.etags import not_modified
from readapi.edge.openapi import problem_responses
from readapi.edge.problems import ProblemError
from readapi.services import ReadServices
from readapi.shown.pictures import address_of
from streams.objects.port import ObjectsUnavailable, TooLarge
from streams.renditions.lost import Gone
from streams.renditions.places import NoPlace
from streams.renditions.rendering import Undecodable

router = APIRouter(tags=["catalog"])
_TYPE_OF = {suffix: media_type for media_type, suffix in TYPES.items()}
_PRODUCT = re.compile(r"prd_[0-9A-Z]{26}")
_NAME = re.compile(r"pic_[0-9A-Z]{26}(?P<rendition>\.[0-9a-f]{16}\.[0-9]{1,4})?\.(?P<suffix>[a-z]{3,4})")
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_MOMENT = "public, max-age=60"
BYTES = {"description": "The picture.", "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
ORIGINAL = {"description": "A smaller one that cannot be had just now: where the picture itself is."}


@router.get(
    "/api/media/{product_id}/{name}",
    summary="A picture of a product",
    responses={200: BYTES, 304: {}, 307: ORIGINAL, **problem_responses("not_found", "overloaded")},
)
async def get_picture(request: Request, product_id: str, name: str) -> Response:
    """Itself or one of its `renditions`. Its address never shows another one, so it may be kept for ever; its type is
    what its first bytes say. A smaller one that was lost is made anew; where that cannot be done just now, the answer
    leads to the picture itself."""
    found = _NAME.fullmatch(name)
    media_type = _TYPE_OF.get(found["suffix"]) if found else None
    services: ReadServices = request.app.state.services
    if found is None or media_type is None or _PRODUCT.fullmatch(product_id) is None or services.objects is None:
        raise NotFound("no such picture")
    tag = f'"{name}"'
    headers = {
        "ETag": tag,
        "Cache-Control": FOR_EVER,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if not_modified(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    key = f"media/{product_id}/{name}"
    try:
        body = await services.objects.get(key, SIZE_MAX)
        if body is None and found["rendition"]:
            picture = await _picture_with(services, product_id, key)
            try:
                body = await services.lost_renditions.made_anew(services.objects, picture, key)
            except (Undecodable, NoPlace):
                return Response(None, 307, {"Location": address_of(picture), "Cache-Control": FOR_A_MOMENT})
    except (ObjectsUnavailable, TooLarge, ViewsUnavailable) as error:
        raise ProblemError("overloaded", "the store of pictures does not answer") from error
    except Gone:
        body = None
    if body is None:
        raise NotFound("no such picture")
    return Response(body, headers=headers, media_type=media_type)


async def _picture_with(services: ReadServices, product_id: str, key: str) -> Picture:
    """The one that has this rendition: nothing else is decoded because somebody asks for it. Raises NotFound,
    ViewsUnavailable."""
    row: MediaRow | None = (await services.views.get_many(MEDIA.name, [product_id])).get(product_id)
    for picture in row.pictures if row else ():
        if any(rendition.key == key for rendition in renditions_of(picture)):
            return picture
    raise NotFound("no such picture")
