"""Ratings of shops, by those who had something delivered from them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.errors import IllegalTransition, NotFound
from domain.orders.order import NoOrder, PaidOrder
from domain.sellers.sellerrating import RATING_MAX, RateSeller, ratings_of
from readapi.edge.ids import require_id
from readapi.edge.openapi import OPTIONAL_KEY, problem_responses, taking
from readapi.edge.principal import RequiredPrincipal
from readapi.shapes.shops import SellerRatingReply
from writeapi.requests import Body, command_reply, context_of, execute, optional_key, services_of
from writeapi.services import WriteServices

router = APIRouter(tags=["discovery"])


class NewSellerRating(Body):
    order_id: Annotated[str, Field(max_length=40, examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])]
    """One's own, of which this shop has delivered something."""
    rating: Annotated[int, Field(ge=1, le=RATING_MAX, examples=[5])]


@router.post(
    "/api/shops/{shop_id}/ratings",
    status_code=201,
    summary="Rate a shop that has delivered, or change one's rating",
    responses={
        201: {"model": SellerRatingReply},
        **problem_responses("unauthenticated", "not_found", "illegal_transition"),
    },
    openapi_extra=taking(OPTIONAL_KEY),
)
async def rate_seller(request: Request, shop_id: str, body: NewSellerRating, principal: RequiredPrincipal) -> Response:
    """An account has one rating of a shop, which the next takes the place of. While nothing of the order has been
    delivered by the shop: 409. The rating is shown without a name, beside each offer of the shop, on average."""
    services, account_id = services_of(request), principal.account_id
    require_id("shop", shop_id, "shop")
    await _require_delivered(services, body.order_id, account_id, shop_id)
    context = context_of(request, account_id)
    command = RateSeller(ratings_of(shop_id), account_id, body.rating, context.at)

    def render(outcome: Outcome) -> Response:
        reply = {"shopId": shop_id, "rating": body.rating}
        return command_reply(reply, position=outcome.position, status=201)

    return await execute(request, command, context, render, key=await optional_key(request, account_id))


async def _require_delivered(services: WriteServices, order_id: str, account_id: str, shop_id: str) -> None:
    """Raises NotFound for an order that is somebody else's or has nothing of the shop, IllegalTransition."""
    require_id("order", order_id, "order")
    order = await services.engine.state(order_id)
    if isinstance(order, NoOrder) or order.placed.account_id != account_id:
        raise NotFound("no such order", pointer="/orderId")
    if all(line.shop_id != shop_id for line in order.placed.quote.lines):
        raise NotFound("this order has nothing of the shop", pointer="/orderId")
    shipments = order.shipments.values() if isinstance(order, PaidOrder) else ()
    if not any(one.shop_id == shop_id and one.status == "delivered" for one in shipments):
        raise IllegalTransition("the shop can be rated once it has delivered something of this order")
