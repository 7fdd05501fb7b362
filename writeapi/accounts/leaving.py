"""What has to be done before somebody who sells may go for good."""

from __future__ import annotations

import asyncio

from domain.errors import IllegalTransition
from domain.orders.orderstate import is_to_bring
from projections.orders.projector import OrderRow
from projections.views import Views
from writeapi.services import WriteServices

SHOPS_MAX = 100
CATCH_UP_S = 1.0
ORDERS_MAX = 100
"""The newest of each shop that are looked at."""


async def require_nothing_sold(services: WriteServices, account_id: str) -> None:
    """Raises IllegalTransition while a shop of this account sells, or has something to send; ViewsUnavailable."""
    views, now = services.views, services.engine.position
    shown = (services.follower.wait_for(now, CATCH_UP_S), services.history.wait_for(now, CATCH_UP_S))
    await asyncio.gather(*shown)  # what was withdrawn and sent a moment ago counts; views that are late know more
    for shop_id, _ in await views.listed("shops", "owner", account_id, limit=SHOPS_MAX):
        if offers := await views.count("offers", "shop", shop_id):
            what, them = ("one SKU", "it") if offers == 1 else (f"{offers} SKUs", "them")
            raise IllegalTransition(
                f"your shop {shop_id} still offers {what}, which nobody could send any more; withdraw {them} first"
            )
        if waiting := await _waiting(views, shop_id):
            raise IllegalTransition(f"your shop {shop_id} still has to send {waiting}; send it or call it off first")


async def _waiting(views: Views, shop_id: str) -> str | None:
    """An order of which this shop has something to send."""
    listed = await views.listed("shop_orders", "shop", shop_id, limit=ORDERS_MAX, backwards=True)
    rows: dict[str, OrderRow] = await views.get_many("orders", [entry.row.order_id for entry in listed])
    return next((order_id for order_id, row in rows.items() if is_to_bring(row.order, shop_id)), None)
