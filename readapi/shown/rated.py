"""How somebody rated the things that he bought, and their sellers: for the lines of his own orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request

from projections.reviews.projector import REVIEW_ROWS, ReviewRow, review_key
from projections.sellerratings.projector import GIVEN_RATING_ROWS, GivenRatingRow, given_key
from projections.views import Views, ViewsUnavailable
from readapi.consistency import at_history_position, require
from readapi.edge.degraded import note
from readapi.edge.problems import PositionNotReached
from readapi.services import ReadServices
from readapi.shown.orders import OrderView


class Rated(NamedTuple):
    """From 1 to 5, by id."""

    products: Mapping[str, int]
    shops: Mapping[str, int]


NOTHING = Rated({}, {})
_NOT_BOUGHT = ("PENDING", "CANCELLED")


async def rated_of(views: Views, account_id: str, orders: Iterable[OrderView]) -> Rated:
    """Of what this account bought in these of its orders, and of whom; asks not at all where nothing was bought. Raises
    ViewsUnavailable."""
    bought = [line for one in orders if one.status not in _NOT_BOUGHT for line in one.placed.quote.lines]
    if not bought:
        return NOTHING
    reviews = {review_key(line.product_id, account_id) for line in bought}
    things: dict[str, ReviewRow] = await views.get_many(REVIEW_ROWS.name, reviews)
    sellers = {given_key(line.shop_id, account_id) for line in bought}
    shops: dict[str, GivenRatingRow] = await views.get_many(GIVEN_RATING_ROWS.name, sellers)
    return Rated(
        {row.product_id: row.rating for row in things.values()}, {row.shop_id: row.rating for row in shops.values()}
    )


async def rated_now(request: Request, view: OrderView) -> Rated:
    """The same of one order, which itself comes from the log: ratings lie in a view, and are left out while it is away.

    One's own writes are waited for where something has arrived, since that is when people rate; an order that was just
    placed must not wait for a view.
    """
    services: ReadServices = request.app.state.services
    try:
        require(services.history)
        if any(one.status == "delivered" for one in view.shipments.values()):
            with suppress(PositionNotReached):
                await at_history_position(request)
        return await rated_of(services.views, view.placed.account_id, [view])
    except ViewsUnavailable:
        note(request, "orders")
        return NOTHING


def lines_json(view: OrderView, rated: Rated) -> list[dict[str, Any]]:
    """The order's lines with the rating of each and of its shop, None where there is none."""
    return [
        {
            **msgspec.to_builtins(line),
            "rating": rated.products.get(line.product_id),
            "shopRating": rated.shops.get(line.shop_id),
        }
        for line in view.placed.quote.lines
    ]
