"""Pictures themselves, for browsers and whatever keeps copies in front of them."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.catalog.media import SIZE_MAX, TYPES
from domain.errors import NotFound
from readapi.edge.etags import not_modified
from readapi.edge.openapi import problem_responses
from readapi.edge.problems import ProblemError
from readapi.services import ReadServices
from streams.objects.port import ObjectsUnavailable, TooLarge

router = APIRouter(tags=["catalog"])
_TYPE_OF = {suffix: media_type for media_type, suffix in TYPES.items()}
_PRODUCT = re.compile(r"prd_[0-9A-Z]{26}")
_NAME = re.compile(r"pic_[0-9A-Z]{26}\.([a-z]{3,4})")
FOR_EVER = "public, max-age=31536000, immutable"
BYTES = {"description": "The picture.", "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}


@router.get(
    "/api/media/{product_id}/{name}",
    summary="A picture of a product",
    responses={200: BYTES, 304: {}, **problem_responses("not_found", "overloaded")},
)
async def get_picture(request: Request, product_id: str, name: str) -> Response:
    """Its address never shows another one, so it may be kept for ever; its type is what its first bytes say."""
    found = _NAME.fullmatch(name)
    media_type = _TYPE_OF.get(found[1]) if found else None
    services: ReadServices = request.app.state.services
    if media_type is None or _PRODUCT.fullmatch(product_id) is None or services.objects is None:
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
    try:
        body = await services.objects.get(f"media/{product_id}/{name}", SIZE_MAX)
    except (ObjectsUnavailable, TooLarge) as error:
        raise ProblemError("overloaded", "the store of pictures does not answer") from error
    if body is None:
        raise NotFound("no such picture")
    return Response(body, headers=headers, media_type=media_type)
