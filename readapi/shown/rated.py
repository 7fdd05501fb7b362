"""Which of the things that somebody bought he has rated, and how: for the lines of his own orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import msgspec
from starlette.requests import Request

from projections.reviews.projector import REVIEW_ROWS, ReviewRow, review_key
from projections.views import Views, ViewsUnavailable
from readapi.consistency import at_history_position, require
from readapi.edge.degraded import note
from readapi.edge.problems import PositionNotReached
from readapi.services import ReadServices
from readapi.shown.orders import OrderView

Rated = Mapping[str, int]
"""From 1 to 5, by product."""
NOTHING: Rated = MappingProxyType({})
_NOT_BOUGHT = ("PENDING", "CANCELLED")


async def rated_of(views: Views, account_id: str, orders: Iterable[OrderView]) -> Rated:
    """Of what this account bought in these of its orders; asks once, and not at all where nothing was bought. Raises
    ViewsUnavailable."""
    bought = [one for one in orders if one.status not in _NOT_BOUGHT]
    keys = {review_key(line.product_id, account_id) for one in bought for line in one.placed.quote.lines}
    rows: dict[str, ReviewRow] = await views.get_many(REVIEW_ROWS.name, keys) if keys else {}
    return {row.product_id: row.rating for row in rows.values()}


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
    """The order's lines with the rating of each, None where there is none."""
    return [{**msgspec.to_builtins(line), "rating": rated.get(line.product_id)} for line in view.placed.quote.lines]
