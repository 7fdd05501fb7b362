"""A provider's statement while it is compared: its movements by order, in a temporary file that nobody else sees.

A year of a shop does not fit into memory, and a provider tells it in no order.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterable, Iterator

from domain.books.reconciliation import Movement

AT_ONCE = 500


class Statement:
    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute(
            "CREATE TABLE movements (key TEXT, reference TEXT, order_id TEXT, kind TEXT, amount INTEGER, fee INTEGER, "
            "currency TEXT, at INTEGER)"
        )
        self._file.execute("CREATE INDEX by_order ON movements (order_id)")
        self.movements = 0
        self.fees: dict[str, int] = {}
        """Minor units that the provider kept, by currency."""
        self.first = self.last = 0
        """The earliest and the latest instant that is told of (ms)."""

    async def take_in(self, movements: AsyncIterable[Movement]) -> None:
        some: list[Movement] = []
        async for movement in movements:
            some.append(movement)
            if len(some) == AT_ONCE:
                self._add(some)
                some = []
                await asyncio.sleep(0)
        self._add(some)

    def _add(self, some: list[Movement]) -> None:
        for one in some:
            self.first = min(self.first, one.at) if self.movements else one.at
            self.last = max(self.last, one.at)
            self.movements += 1
            if one.fee:
                self.fees[one.currency] = self.fees.get(one.currency, 0) + one.fee
        self._file.executemany("INSERT INTO movements VALUES (?,?,?,?,?,?,?,?)", some)

    def take_out(self, order_id: str) -> list[Movement]:
        """An order's movements, which are then no longer here."""
        rows = self._file.execute("SELECT * FROM movements WHERE order_id = ? ORDER BY at", (order_id,)).fetchall()
        if rows:
            self._file.execute("DELETE FROM movements WHERE order_id = ?", (order_id,))
        return [Movement._make(row) for row in rows]

    def orders(self) -> Iterator[list[str]]:
        """Orders that are here, some at a time; those that are taken out do not come up again."""
        after: tuple[str, ...] = ()
        while True:
            beyond = "WHERE order_id > ?" if after else ""
            query = f"SELECT DISTINCT order_id FROM movements {beyond} ORDER BY order_id LIMIT {AT_ONCE}"
            found = [order_id for (order_id,) in self._file.execute(query, after)]
            if not found:
                return
            yield found
            after = (found[-1],)

    def close(self) -> None:
        self._file.close()
