"""GET /api/feed: what may please whoever is signed in, and what became of their wishes."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from readapi.consistency import at_both_positions
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit
from readapi.edge.positions import HEADER as POSITION_HEADER
from readapi.edge.positions import format_position, min_position
from readapi.edge.principal import CustomerPrincipal, edge_of
from readapi.edge.problems import BadParameter
from readapi.reading import reading_of
from readapi.services import ReadServices
from readapi.shown.feed import FeedOut, items_from, notes_of
from readapi.shown.languages import PARAMETER as ACCEPTED
from readapi.shown.languages import wanted_of

router = APIRouter(tags=["discovery"])
NAME = "feed"


@router.get(
    "/api/feed",
    summary="What may please, and news of one's wishes",
    responses={200: {"model": FeedOut}, **problem_responses("unauthenticated", "forbidden", "position_not_reached")},
    openapi_extra={"parameters": [ACCEPTED], **signed_in()},
)
async def get_feed(
    request: Request, principal: CustomerPrincipal, cursor: CursorParameter = None, limit: Limit = 20
) -> Response:
    """First what goes with what one has bought or wished for, and what one buys again and again, then what sells; only
    what is in stock. The first page has `notes`: wishes whose price fell, and those that can be had again."""
    services: ReadServices = request.app.state.services
    after = _after(request, cursor)
    position = await at_both_positions(request)
    feed = await reading_of(request).feeds.of(principal.account_id, min_position(request))
    now, wanted = services.clock(), wanted_of(request)
    items, upto = await items_from(services.views, feed, after, limit, now, wanted)
    following = None if upto is None else edge_of(request).cursors.encode_cursor({"list": NAME, "after": upto})
    notes = [] if after else await notes_of(services.views, principal.account_id, now, wanted)
    body = msgspec.json.encode({"items": items, "notes": notes, "next": following, "prev": None})
    headers = {POSITION_HEADER: format_position(position), "Cache-Control": "private, no-store"}
    return Response(body, headers=headers, media_type="application/json")


def _after(request: Request, cursor: str | None) -> int:
    """How many of the feed were shown. Raises BadParameter."""
    if cursor is None:
        return 0
    at = edge_of(request).cursors.decode_cursor(cursor)
    if at.get("list") != NAME:
        raise BadParameter("query", "cursor", "not a cursor of this list")
    return int(at["after"])
