"""``cassandra-sink``: events a second into Cassandra, beside the driver alone with the same final rows; then pages.

Needs the server that ``KONTOR_CASSANDRA`` names (host:port); works in a keyspace of its own and drops it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from cassandra.concurrent import execute_concurrent

from domain.ids import payment_id
from domain.recorded import Recorded
from kontor import console
from kontor.bench.orders import account, lives
from kontor.bench.report import median, percentile, report, spread
from kontor.wiring.embedded import settle_garbage
from projections.cassandraviews.driver import Query, Session
from projections.cassandraviews.settings import CassandraSettings, hosts_of
from projections.cassandraviews.sink import CassandraSink
from projections.cassandraviews.spots import Moves
from projections.cassandraviews.tables import StoredTable
from projections.cassandraviews.timeline import Timeline
from projections.folding import fold_events
from projections.orders.projector import ORDERS

ORDERS_WRITTEN = 6_000
BATCH = 1_000
ROUNDS = 3
PAGES = 1_500
PAGE = 20
KEYSPACE = "kontor_bench"


async def run(orders: str = str(ORDERS_WRITTEN)) -> dict[str, Any]:
    named = os.environ.get("KONTOR_CASSANDRA")
    if not named:
        console.fail("needs a Cassandra: KONTOR_CASSANDRA=host:port", 2)
    settings = CassandraSettings(hosts=hosts_of(named), keyspace=KEYSPACE)
    events = list(lives(int(orders)))
    rates, limits, ratios = [], [], []
    settle_garbage()
    for _ in range(ROUNDS):
        async with empty(settings) as sink:
            rates.append(await _through_the_sink(sink, events))
            pages, single = await _pages(sink), await _single(sink, events[0].stream)
        async with empty(settings) as sink:
            limits.append(len(events) / await driver_alone(sink, events))
        ratios.append(rates[-1] / limits[-1])
    return report(
        "cassandra-sink",
        events_per_s=round(median(rates)),
        driver_alone_events_per_s=round(median(limits)),
        ratio=round(median(ratios), 3),
        target_ratio=0.7,
        spread={"ratio": spread(ratios)},
        events=len(events),
        orders=int(orders),
        page_of_20_p50_ms=round(percentile(pages, 0.5), 2),
        page_of_20_p99_ms=round(percentile(pages, 0.99), 2),
        one_row_p50_ms=round(percentile(single, 0.5), 2),
        note="order history, seller's lists and timeline; a page is a list, its rows and their payments",
    )


@asynccontextmanager
async def empty(settings: CassandraSettings) -> AsyncIterator[CassandraSink]:
    sink = CassandraSink(settings, [ORDERS])
    await sink.start()
    if not await sink.connection.wait(30):
        console.fail("Cassandra does not answer", 1)
    try:
        yield sink
    finally:
        await asyncio.to_thread(session_of(sink).asking.execute, f"DROP KEYSPACE {settings.keyspace}", timeout=60)
        await sink.close()


def session_of(sink: CassandraSink) -> Session:
    session = sink.connection.session
    assert session is not None
    return session


async def _through_the_sink(sink: CassandraSink, events: Sequence[Recorded]) -> float:
    started = time.perf_counter()
    for start in range(0, len(events), BATCH):
        some = events[start : start + BATCH]
        await sink.write(0, some[-1].position, some)
    return len(events) / (time.perf_counter() - started)


async def driver_alone(sink: CassandraSink, events: Sequence[Recorded]) -> float:
    """Seconds in which everything that is there in the end is written once, by the driver's own bulk helper."""
    final = _final(sink.connection.settings.keyspace, events)
    return await asyncio.to_thread(write_alone, session_of(sink), final)


def write_alone(session: Session, final: Sequence[Sequence[Query]]) -> float:
    """Seconds."""
    work = []
    for queries in final:
        request = session.request(queries)
        work.append((request.statement, request.values or ()))
    settle_garbage()
    started = time.perf_counter()
    for good, outcome in execute_concurrent(session.asking, work, concurrency=128, results_generator=True):
        assert good, outcome
    return time.perf_counter() - started


def _final(keyspace: str, events: Sequence[Recorded]) -> list[Sequence[Query]]:
    return [*Timeline(keyspace).put(events), *final_rows(keyspace, events)]


def final_rows(keyspace: str, events: Sequence[Recorded]) -> list[Sequence[Query]]:
    """Of orders and their lists."""
    work: list[Sequence[Query]] = []
    for table in ORDERS.tables:
        stored, moves = StoredTable(keyspace, table, ORDERS), Moves(table)
        changed, parked = fold_events(table, events, lambda key: None, {}, moves.passed)
        assert not parked
        taken = {spot: change for spot, change in moves.changes.items() if change.taken}
        work += stored.lists.move(taken)
        work += [[query] for query in stored.lists.months_of(taken).values()]
        work += [[stored.put(key, kept.position, stored.encode(kept.row))] for key, kept in changed.items()]
    return work


async def _pages(sink: CassandraSink) -> list[float]:
    took = []
    for number in range(PAGES):
        started = time.perf_counter()
        entries = await sink.listed("orders", "account", account(number), limit=PAGE, backwards=True)
        await sink.get_many("payments", [payment_id(entry.key) for entry in entries])
        took.append((time.perf_counter() - started) * 1000)
    return took


async def _single(sink: CassandraSink, order_id: str) -> list[float]:
    """The least that can be asked: a row by its key."""
    took = []
    for _ in range(PAGES // 3):
        started = time.perf_counter()
        await sink.get("orders", order_id)
        took.append((time.perf_counter() - started) * 1000)
    return took
