"""Offers that changed after the search index made its copies, from the log: for when the index stands in for the views.

The views show a change before the index has it, and the index stands still while they are away. So what it keeps may be
older than what shoppers were shown a moment ago.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from time import monotonic

from msgspec.structs import replace

from commands.mapper import recorded_or_unreadable
from commands.store.port import EventLog, Position, Row
from projections.catalog.projector import OFFERS, OfferRow
from projections.stock.projector import STOCK_ROWS, StockRow
from projections.views import ViewsUnavailable
from streams.indexing.assembly import OnSale, recommended, seller, stock_of
from streams.standins.fromthelog import rows_of

PAGE = 2_000
EVENTS_MAX = 20_000
"""An index that is further behind is being filled, and stands in for nothing."""
LOOK_S = 0.2
"""Whoever asks within so long after another looked at the log goes by what that one saw."""


class ChangedOffers:
    """``now`` gives seconds from any origin."""

    def __init__(self, log: EventLog, now: Callable[[], float] = monotonic) -> None:
        self.position: Position = 0
        """How far the log was when it was last looked at; 0 again if that was too much."""
        self._log = log
        self._now = now
        self._since: Position = -1
        self._rows: dict[str, OfferRow | None] = {}
        """By the offer's id; None for what was withdrawn."""
        self._of_products: dict[str, set[str]] = defaultdict(set)
        self._look_at = 0.0
        self._looking = asyncio.Lock()

    def look_again(self) -> None:
        """Others have shown something since: whoever asks next looks for himself."""
        self._look_at = 0.0

    async def put_on(self, found: Mapping[str, OnSale], since: Position, at: int) -> dict[str, OnSale]:
        """These products, which are of ``since`` at least, with their offers as they are now. ``at`` in milliseconds.

        Raises StorageUnavailable, and ViewsUnavailable if too much has happened since.
        """
        async with self._looking:
            if since != self._since or self._now() >= self._look_at:
                await self._look(since)
                self._look_at = self._now() + LOOK_S
        return {product_id: await self._with_changes(one, at) for product_id, one in found.items()}

    async def _look(self, since: Position) -> None:
        if since != self._since:
            self._since, self._rows, upto = since, {}, since
            self._of_products.clear()
        else:
            upto = self.position
        while rows := await self._log.read(upto, PAGE):
            for row in rows:
                self._take(row)
            upto = rows[-1].position
            if upto - since > EVENTS_MAX:
                self._since, self.position = -1, 0
                raise ViewsUnavailable(f"the search index is more than {EVENTS_MAX:,} events behind")
        self.position = upto

    def _take(self, row: Row) -> None:
        if not row.stream.startswith("off_"):
            return
        recorded = recorded_or_unreadable(row)
        if (fold := OFFERS.folds.get(type(recorded.event))) is not None:
            folded: OfferRow | None = fold(self._rows.get(row.stream), recorded)
            self._rows[row.stream] = folded
            if folded is not None:
                self._of_products[folded.product_id].add(row.stream)

    async def _with_changes(self, one: OnSale, at: int) -> OnSale:
        sellers = {f"off_{each.shop_id}.{each.sku}": each for each in one.sellers}
        changed = [key for key in sellers if key in self._rows]
        new = [key for key in self._of_products.get(one.product_id, ()) if key not in sellers]
        for key in changed:
            row = self._rows[key]
            if row is None or row.product_id != one.product_id:
                del sellers[key]
            else:
                offer = replace(row, created_at=sellers[key].offer.created_at)
                sellers[key] = sellers[key]._replace(offer=offer)
        stock: dict[str, StockRow] = await rows_of(self._log, STOCK_ROWS, [stock_of(key) for key in new])
        for key in new:
            row = self._rows.get(key)
            if row is not None and row.product_id == one.product_id:
                sellers[key] = seller(key, row, stock.get(stock_of(key)), at)
        return one._replace(sellers=recommended(sellers.values())) if changed or new else one
