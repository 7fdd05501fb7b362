"""Who offers a SKU, for somebody who wants it and names no shop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from commands.engine import Engine
from projections.catalog.projector import split_offer
from projections.views import Views
from readapi.services import Followed

OFFERS_MAX = 200
CATCH_UP_S = 1.0

Sellers = Callable[[str, str], Awaitable[Sequence[str]]]
"""From product id and SKU to the ids of the SKU's offers, OFFERS_MAX at most; some may have been withdrawn."""


def sellers_in_views(views: Views, followed: Followed, engine: Engine) -> Sellers:
    async def offers_of(product_id: str, sku: str) -> Sequence[str]:
        found = await listed(product_id, sku)
        if found or followed.position >= engine.position:
            return found
        # Worth a second look: what was not in the views may have been written a moment ago.
        return await listed(product_id, sku) if await followed.wait_for(engine.position, CATCH_UP_S) else found

    async def listed(product_id: str, sku: str) -> Sequence[str]:
        offers = await views.listed("offers", "product", product_id, limit=OFFERS_MAX)
        return [key for key, _ in offers if split_offer(key)[1] == sku]

    return offers_of
