"""Gift cards, for those who issued them: of a shop, for its owner; of the marketplace, for administrators."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from projections.giftcards.projector import GIFT_CARD_ROWS, GiftCardRow
from readapi.caching.ready import answer
from readapi.consistency import at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import RequiredPrincipal
from readapi.instants import instant
from readapi.routes.run import ShopParameter, newest_of, require_runner
from readapi.services import ReadServices
from readapi.shown.giftcards import GiftCardList, gift_card_json

router = APIRouter(tags=["gift cards"])


@router.get(
    "/api/gift-cards",
    summary="Gift cards, newest first",
    responses={
        200: {"model": GiftCardList},
        **problem_responses("unauthenticated", "forbidden", "not_found", "position_not_reached"),
    },
    openapi_extra=signed_in(),
)
async def list_gift_cards(
    request: Request,
    principal: RequiredPrincipal,
    shop_id: ShopParameter = "",
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """Of one shop, or without ``shopId`` of the marketplace. Their codes are known to their holders alone."""
    position = await at_position(request)
    services: ReadServices = request.app.state.services
    await require_runner(services, principal, shop_id, "gift cards")
    found = await newest_of(request, GIFT_CARD_ROWS, shop_id, cursor, limit)
    now = services.clock()
    items = [{**gift_card_json(entry.key, entry.row.card, now), **_stamps(entry.row)} for entry in found.entries]
    return answer(page(items, next=found.next, prev=found.prev), position)


def _stamps(row: GiftCardRow) -> dict[str, object]:
    return {"createdAt": instant(row.created_at), "updatedAt": instant(row.updated_at), "version": row.version}
