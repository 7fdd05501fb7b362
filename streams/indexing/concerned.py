"""Which products' search documents may have changed, by the rows that events touched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from commands.mapper import recorded_or_unreadable
from commands.store.port import EventLog
from domain.ids import stock_id
from domain.sellers.offer import OfferPut
from projections.catalog.projector import OfferRow
from projections.stock.projector import StockRow
from streams.indexing.assembly import BATCH, OnSale, in_slices, offer_of
from streams.indexing.catalogued import Catalogued
from streams.indexing.pending import Pending
from streams.indexing.shownstock import ShownStock


class Concerned:
    """Remembers what documents say of stock, which most sales do not change. Raises what views and log raise."""

    def __init__(self, event_log: EventLog, views: Catalogued, clock: Callable[[], int]) -> None:
        self._log = event_log
        self._views = views
        self._clock = clock
        self._shown = ShownStock()

    def forget(self) -> None:
        """The documents are made by somebody else, or were."""
        self._shown = ShownStock()

    def described(self, one: OnSale) -> None:
        """Its document is made of this."""
        for seller in one.sellers:
            self._shown.remember(stock_id(seller.shop_id, seller.sku), seller.available)

    async def products(self, pending: Pending) -> set[str]:
        products, named = set(pending.products), set(pending.offers)
        for some in in_slices(pending.stock, BATCH):
            # A flip is news once, so it is kept where it survives that the views fail in between.
            pending.offers |= {offer_of(key) for key in await self._flipped(some)}
            await asyncio.sleep(0)
        for some in in_slices(pending.offers, BATCH):
            rows: dict[str, OfferRow] = await self._views.get_many("offers", some)
            products |= {row.product_id for row in rows.values()}
            for gone in named.intersection(some) - rows.keys():
                products |= await self._last_product_of(gone)
            await asyncio.sleep(0)
        return products

    async def _flipped(self, keys: Sequence[str]) -> list[str]:
        """Those that ran out, came back, or began or ceased to be few since they were last looked at."""
        rows: dict[str, StockRow] = await self._views.get_many("stock", keys)
        at, flipped = self._clock(), []
        for key, row in rows.items():
            if self._shown.remember(key, row.item.available(at)):
                flipped.append(key)
        return flipped

    async def _last_product_of(self, offer_id: str) -> set[str]:
        """A withdrawn offer has no row any more; its stream still knows."""
        events = [recorded_or_unreadable(row).event for row in await self._log.read_stream(offer_id)]
        return {event.product_id for event in events if isinstance(event, OfferPut)}
