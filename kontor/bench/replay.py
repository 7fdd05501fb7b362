"""``replay``: events a second folded into a projection anew. Two limits: the same log read and decoded and nothing
else, and the same final rows put into a file of the same tables and lists in one transaction.
"""

from __future__ import annotations

import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from commands.mapper import record, recorded
from commands.store.port import Row
from commands.store.sqlite import INSERT, SQLiteLog
from domain.recorded import Recorded
from kontor.bench.orders import lives
from kontor.bench.report import report
from kontor.embedded import PROJECTIONS, settle_garbage
from kontor.folder import DataFolder
from kontor.replay.logs import Followed
from kontor.replay.rebuilding import Rebuilding
from kontor.replay.telling import Telling, Way
from kontor.replay.views import Views, opened
from projections.orders.projector import ORDERS
from projections.projector import Projection
from projections.sqlite import SQLiteViews
from projections.sqlitetable import StoredTable, connect
from projections.stock.projector import STOCK
from streams.replaying import PAGE

ORDERS_PLACED = 20_000
EVERY_MS = 1_000
WRITTEN = 20_000
"""Events put into the log at once."""


class Silent(Telling):
    """Only remembers how long the folding took."""

    def __init__(self) -> None:
        super().__init__(as_json=True)
        self.seconds = 0.0

    def step(self, step: str, projection: str, text: str, **figures: Any) -> None: ...

    def folding(self, name: str, way: Way, positions: Iterable[int]) -> None:
        for _ in positions:
            pass
        self.seconds += way.seconds()


async def run(orders: str = str(ORDERS_PLACED)) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as name:
        folder = DataFolder(Path(name))
        events = await grow(folder, int(orders))
        SQLiteViews(folder.views, PROJECTIONS).close()
        settle_garbage()
        with opened(folder) as (log, connection):
            decoded = events / _decode(log)
            stock, all_of_stock = _replay(log, connection, STOCK)
            history, all_of_history = _replay(log, connection, ORDERS)
            rows, bulk = _in_bulk(connection, ORDERS, folder.path / "bulk.db")
    return report(
        "replay",
        stock_events_per_s=round(events / stock),
        orders_events_per_s=round(events / history),
        target_events_per_s=100_000,
        read_and_decoded_events_per_s=round(decoded),
        stock_ratio=round(events / stock / decoded, 3),
        orders_ratio=round(events / history / decoded, 3),
        orders_rows_per_s=round(rows / history),
        orders_bulk_rows_per_s=round(rows / bulk),
        orders_ratio_to_bulk=round(bulk / history, 3),
        stock_s_with_comparing_and_swap=round(all_of_stock, 2),
        orders_s_with_comparing_and_swap=round(all_of_history, 2),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        events=events,
    )


async def grow(folder: DataFolder, orders: int, every_ms: int = EVERY_MS) -> int:
    """Orders, from placed to paid; how many events they are."""
    await SQLiteLog.open(folder.log).close()
    stored, count = _rows(lives(orders, every_ms)), 0
    with closing(sqlite3.connect(folder.log)) as connection:
        while some := list(islice(stored, WRITTEN)):
            with connection:
                connection.executemany(INSERT, some)
            count += len(some)
    return count


def _rows(events: Iterable[Recorded]) -> Iterator[Row]:
    return (record(one.position, one.stream, one.version, one.event, one.meta)[1] for one in events)


def _decode(log: Followed) -> float:
    """Seconds."""
    began, position = time.perf_counter(), 0
    while rows := log.read(position, position + PAGE):
        for row in rows:
            recorded(row)
        position = rows[-1][0]
    return time.perf_counter() - began


def _replay(log: Followed, connection: sqlite3.Connection, projection: Projection) -> tuple[float, float]:
    """Seconds of folding with writing the rows, and of all of it."""
    tell, began = Silent(), time.perf_counter()
    Rebuilding(Views(log, connection), tell).replay([projection], from_scratch=True)
    return tell.seconds, time.perf_counter() - began


def _in_bulk(connection: sqlite3.Connection, projection: Projection, path: Path) -> tuple[int, float]:
    """How many live rows there are, and the seconds that SQLite needs for them in a file of their own."""
    tables = [StoredTable(table, projection) for table in projection.tables]
    found = [connection.execute(f"SELECT * FROM {table.name} ORDER BY key").fetchall() for table in tables]
    with closing(connect(path, 1_000)) as other:
        for table in tables:
            table.create(other)
        began = time.perf_counter()
        other.execute("BEGIN")
        for table, rows in zip(tables, found, strict=True):
            other.executemany(table.upsert, rows)
        other.execute("COMMIT")
        return sum(map(len, found)), time.perf_counter() - began
