"""Whether an account bought a product and paid for it."""

from __future__ import annotations

from contextlib import suppress

from domain.orders.order import PaidOrder
from domain.orders.orderstate import ordered
from projections.purchases.projector import BOUGHT_ROWS, buyer_of
from projections.views import ViewsUnavailable
from streams.standins.recentorders import order_ids_of
from writeapi.services import WriteServices

LOOKED_AT_MAX = 20
"""The newest orders of the product by the account."""


async def has_bought(services: WriteServices, account_id: str, product_id: str) -> bool:
    """By a paid order that was not called off. Orders are found in the views, and the newest in the log as well: the
    views may be away, or not have heard of them yet; the orders themselves say whether they are paid."""
    order_ids: list[str] = []
    with suppress(ViewsUnavailable):
        owner = buyer_of(account_id, product_id)
        found = await services.views.listed(BOUGHT_ROWS.name, "buyer", owner, limit=LOOKED_AT_MAX, backwards=True)
        order_ids = [row.order_id for _, row in found]
    for order_id in order_ids:
        if await _paid_for(services, order_id, account_id, product_id):
            return True
    for order_id in sorted(await order_ids_of(services.log, account_id) - set(order_ids)):
        if await _paid_for(services, order_id, account_id, product_id):
            return True
    return False


async def _paid_for(services: WriteServices, order_id: str, account_id: str, product_id: str) -> bool:
    order = await services.engine.state(order_id)
    if not isinstance(order, PaidOrder) or order.placed.account_id != account_id:
        return False
    units = ordered(order)
    return any(line.product_id == product_id and units[line.line_id] > 0 for line in order.placed.quote.lines)
