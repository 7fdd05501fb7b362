"""``replay``: events a second folded into a projection anew, medians of some rounds. Two limits: the same log read and
decoded and nothing else, and the same final rows put into a file of the same tables and lists in one transaction.
"""

from __future__ import annotations

import resource
import sqlite3
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from commands.mapper import recorded
from commands.store.sqlite import INSERT, SQLiteLog
from kontor.bench.orders import EVENTS_AN_ORDER, stored_lives
from kontor.bench.report import median, report, spread
from kontor.folder import DataFolder
from kontor.replay.logs import Followed
from kontor.replay.rebuilding import Rebuilding
from kontor.replay.telling import Telling, Way
from kontor.replay.views import Views, opened
from kontor.wiring.embedded import PROJECTIONS, settle_garbage
from projections.beside import NEAR_PAGE
from projections.orders.projector import ORDERS
from projections.projector import Projection
from projections.sqlite import SQLiteViews
from projections.sqlitetable import StoredTable, connect
from projections.stock.projector import STOCK

EVENTS, ROUNDS = 220_000, 3
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


async def run(*options: str) -> dict[str, Any]:
    """``--events N`` in the log, about; ``--rounds N``, of which the medians are told."""
    parser = ArgumentParser(prog="kontor bench replay")
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(options)
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as name:
        folder = DataFolder(Path(name))
        events = await grow(folder, max(1, chosen.events // EVENTS_AN_ORDER))
        SQLiteViews(folder.views, PROJECTIONS).close()
        settle_garbage()
        with opened(folder) as (log, connection):
            rounds = [_round(log, connection, folder) for _ in range(max(1, chosen.rounds))]
    return report(
        "replay",
        **_figures(events, rounds),
        target_events_per_s=100_000,
        rounds=len(rounds),
        rows=rounds[0].rows,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        target_peak_mb=500,
        events=events,
    )


class Round(NamedTuple):
    """Seconds, except for the number of rows."""

    decoded: float
    stock: float
    stock_in_all: float
    orders: float
    orders_in_all: float
    rows: int
    bulk: float


def _round(log: Followed, connection: sqlite3.Connection, folder: DataFolder) -> Round:
    decoded = _decode(log)
    stock, orders = _replay(log, connection, STOCK), _replay(log, connection, ORDERS)
    return Round(decoded, *stock, *orders, *_in_bulk(connection, ORDERS, folder.path / "bulk.db"))


def _figures(events: int, rounds: Sequence[Round]) -> dict[str, Any]:
    def of(value: Callable[[Round], float], digits: int | None = 3) -> float:
        return round(median([value(one) for one in rounds]), digits)

    ratios = {
        "stock_ratio": [one.decoded / one.stock for one in rounds],
        "orders_ratio": [one.decoded / one.orders for one in rounds],
    }
    return {
        "stock_events_per_s": of(lambda one: events / one.stock, None),
        "orders_events_per_s": of(lambda one: events / one.orders, None),
        "read_and_decoded_events_per_s": of(lambda one: events / one.decoded, None),
        **{name: round(median(values), 3) for name, values in ratios.items()},
        "orders_rows_per_s": of(lambda one: one.rows / one.orders, None),
        "orders_bulk_rows_per_s": of(lambda one: one.rows / one.bulk, None),
        "orders_ratio_to_bulk": of(lambda one: one.bulk / one.orders),
        "stock_s_with_comparing_and_swap": of(lambda one: one.stock_in_all, 2),
        "orders_s_with_comparing_and_swap": of(lambda one: one.orders_in_all, 2),
        "spread": {name: spread(values) for name, values in ratios.items()},
    }


def fold(folder: DataFolder) -> None:
    """All views of a log that nobody has followed, without anything to compare them with."""
    connect(folder.views, 1_000).close()
    with opened(folder) as (log, connection):
        Rebuilding(Views(log, connection), Silent()).replay(PROJECTIONS, from_scratch=True)


async def grow(folder: DataFolder, orders: int, every_ms: int = EVERY_MS, *, booked: bool = False) -> int:
    """Orders, from placed to paid, and what they moved in the ledger if ``booked``; how many events they are."""
    await SQLiteLog.open(folder.log).close()
    stored, count = (row for _, row in stored_lives(orders, every_ms, booked=booked)), 0
    with closing(sqlite3.connect(folder.log)) as connection:
        while some := list(islice(stored, WRITTEN)):
            with connection:
                connection.executemany(INSERT, some)
            count += len(some)
    return count


def _decode(log: Followed) -> float:
    """Seconds."""
    began, position = time.perf_counter(), 0
    while rows := log.read(position, position + NEAR_PAGE):
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
    path.unlink(missing_ok=True)
    rows, seconds = 0, 0.0
    with closing(connect(path, 1_000)) as other:
        for table in tables:
            table.create(other)
        other.execute("BEGIN")
        for table in tables:
            found = connection.execute(f"SELECT * FROM {table.name} ORDER BY key")
            while some := found.fetchmany(WRITTEN):
                began = time.perf_counter()
                other.executemany(table.upsert, some)
                seconds += time.perf_counter() - began
                rows += len(some)
        began = time.perf_counter()
        other.execute("COMMIT")
        return rows, seconds + time.perf_counter() - began
