"""GET /api/products/{productId}/reviews: what buyers said, the newest first."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from projections.reviews.projector import REVIEW_ROWS
from readapi.consistency import at_history_position, at_position
from readapi.edge.openapi import problem_responses
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.positions import HEADER as POSITION_HEADER
from readapi.edge.positions import format_position
from readapi.lists import List, page_of
from readapi.services import ReadServices
from readapi.shown.reviews import ReviewList, review_json

router = APIRouter(tags=["discovery"])


@router.get(
    "/api/products/{product_id}/reviews",
    summary="Reviews of a product by those who bought it, newest first",
    responses={200: {"model": ReviewList}, **problem_responses("not_found", "position_not_reached")},
)
async def list_reviews(
    request: Request, product_id: str, cursor: CursorParameter = None, limit: Limit = 20
) -> Response:
    services: ReadServices = request.app.state.services
    position = await at_history_position(request)
    listed = List(
        "reviews", REVIEW_ROWS.name, "product", product_id, lambda entry: entry.row.updated_at, newest_first=True
    )
    found = await page_of(request, services.views, listed, cursor, limit)
    if not found.entries:
        position = min(position, await at_position(request))  # products are kept elsewhere, and may be missing there
        if await services.views.get("products", product_id) is None:
            raise NotFound("no such product")
    items = [review_json(row, services.vault) for _, row in found.entries]
    headers = {POSITION_HEADER: format_position(position), "Cache-Control": "no-cache"}
    body = msgspec.json.encode(page(items, next=found.next, prev=found.prev))
    return Response(body, headers=headers, media_type="application/json")
