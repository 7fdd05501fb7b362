"""What sellers see of their shops, straight from the log: for when the views do not answer.

Stock is all there, for its streams are called after their shop. Orders are not: the newest are found by looking back
through the last events for those that name the shop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from commands.aggregates import fold
from commands.store.port import EventLog
from domain.ids import stock_id
from projections.orders.projector import ORDER_ROWS, OrderRow
from projections.stock.projector import STOCK_ROWS, StockRow
from projections.views import Entry, Place
from streams.standins.fromthelog import rows_of

LOOKED_BACK = 50_000
"""Events in which a shop's newest orders are looked for: some 4,500 purchases."""


class NamedLog(EventLog, Protocol):
    """One that can be asked for names. Methods raise StorageUnavailable."""

    async def streams_between(self, first: str, end: str, limit: int, *, backwards: bool = False) -> Sequence[str]: ...

    async def placed_with(self, shop_id: str, back: int, limit: int) -> Sequence[str]: ...


class SellersLists:
    """All methods raise StorageUnavailable."""

    def __init__(self, log: NamedLog) -> None:
        self._log = log

    async def listed(
        self,
        table: str,
        index: str,
        owner: str,
        *,
        limit: int,
        after: Place | None = None,
        backwards: bool = False,
    ) -> list[Entry]:
        """A shop's stock by SKU, as the view lists it; from snapshots, which do not know the time of anything."""
        assert (table, index) == (STOCK_ROWS.name, "shop")
        first = stock_id(owner, "")
        end = first[:-1] + "/"  # which comes after the dot
        if after is not None:
            first, end = (first, after.key) if backwards else (after.key, end)
        names = await self._log.streams_between(first, end, limit, backwards=backwards)
        loaded = await self._log.load(names)
        found: list[tuple[str, Any]] = [(name, fold(name, loaded[name])) for name in names]
        return [Entry(name, StockRow(one.state, 0, 0, one.version)) for name, one in found]

    async def newest_orders(self, shop_id: str, limit: int) -> dict[str, OrderRow]:
        """The newest first."""
        ids = await self._log.placed_with(shop_id, LOOKED_BACK, limit)
        rows: dict[str, Any] = await rows_of(self._log, ORDER_ROWS, ids)
        mine = (key for key in ids if key in rows and _sells_in(shop_id, rows[key]))
        return {key: rows[key] for key in mine}


def _sells_in(shop_id: str, row: OrderRow) -> bool:
    return any(line.shop_id == shop_id for line in row.placed.quote.lines)
