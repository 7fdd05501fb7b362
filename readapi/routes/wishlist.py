"""GET /api/wishlist: what whoever is signed in would like to have, the newest first."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.buyers.wishlist import wishlist_of
from projections.wishlists.projector import WISH_ROWS, WishRow
from readapi.consistency import at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import RequiredPrincipal
from readapi.edge.replies import unkept_reply
from readapi.lists import List, page_of
from readapi.services import ReadServices
from readapi.shown.languages import PARAMETER as ACCEPTED
from readapi.shown.languages import wanted_of
from readapi.shown.wishes import WishList, wish_json
from streams.indexing.assembly import assemble

router = APIRouter(tags=["discovery"])


@router.get(
    "/api/wishlist",
    summary="Own wishlist, at today's prices and availability",
    responses={200: {"model": WishList}, **problem_responses("unauthenticated", "position_not_reached")},
    openapi_extra={"parameters": [ACCEPTED], **signed_in()},
)
async def get_wishlist(
    request: Request, principal: RequiredPrincipal, cursor: CursorParameter = None, limit: Limit = 20
) -> Response:
    services: ReadServices = request.app.state.services
    position = await at_position(request)
    owner = wishlist_of(principal.account_id)
    mine = List("wishlist", WISH_ROWS.name, "wishlist", owner, lambda entry: entry.row.at, newest_first=True)
    found = await page_of(request, services.views, mine, cursor, limit)
    wishes: list[WishRow] = [row for _, row in found.entries]
    product_ids = list(dict.fromkeys(row.product_id for row in wishes))
    goods = await assemble(services.views, product_ids, services.clock())
    items = [wish_json(row, goods.get(row.product_id), wanted_of(request)) for row in wishes]
    return unkept_reply(page(items, next=found.next, prev=found.prev), position)
