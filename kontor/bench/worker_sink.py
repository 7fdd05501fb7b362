"""``worker-sink``: a whole worker, from the topic through either source into its sink, beside what the client of the
sink's server writes in bulk: the same final bytes and nothing else.

``--store redis`` has a catalog and its stock, ``--store cassandra`` the lives of orders. The clock begins when the
first batch is written, for until then a worker connects and is dealt its partitions.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from eventsourcing.persistence import StoredEvent

from commands.mapper import pack_state, record
from commands.store.memory import MemoryLog
from commands.store.port import Position
from domain.recorded import Recorded
from kontor import console
from kontor.bench import cassandra_sink, redis_sink
from kontor.bench.broker import relaying, topic, until
from kontor.bench.orders import lives
from kontor.bench.report import median, report, spread
from kontor.bench.worker import SOURCES
from kontor.wiring.embedded import settle_garbage
from projections.cassandraviews.settings import CassandraSettings, hosts_of
from projections.sink import Sink
from streams.broker.intake import Intake
from streams.broker.sinking import Sinking
from streams.broker.topic import Topic
from streams.broker.worker import Handler

ROUNDS = 3
NEEDS = {"redis": "KONTOR_REDIS_URL", "cassandra": "KONTOR_CASSANDRA"}


class Opened(NamedTuple):
    """An empty sink, and what writes in bulk what it has come to hold: in how many seconds."""

    sink: Sink
    alone: Callable[[], Any]


class Timed:
    """A handler that passes on, and knows when the first batch was written and when the last."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.count = self._first = 0
        self._began = self._ended = 0.0

    async def begin(self, partition: int) -> Position:
        return await self._handler.begin(partition)

    async def handle(self, partition: int, events: Sequence[Recorded], upto: Position) -> None:
        await self._handler.handle(partition, events, upto)
        self._ended = time.perf_counter()
        self.count += len(events)
        if not self._began and self.count:
            self._began, self._first = self._ended, self.count

    def rate(self) -> float:
        """Events a second."""
        return (self.count - self._first) / (self._ended - self._began)


async def run(*options: str) -> dict[str, Any]:
    parser = ArgumentParser(prog="kontor bench worker-sink")
    parser.add_argument("--store", choices=list(NEEDS), default="redis")
    store = parser.parse_args(options).store
    if NEEDS[store] not in os.environ:
        console.fail(f"worker-sink --store {store} needs the server that {NEEDS[store]} names", 2)
    opened, events = (_redis, _catalog()) if store == "redis" else (_cassandra, _orders())
    log = _holding(events)
    figures: dict[str, Any] = {}
    async with topic() as made:
        async with relaying(log, made) as relay:
            await until(lambda: relay.position == len(events))
        for kind in SOURCES:
            rounds = [await _round(kind, made, log, opened(events)) for _ in range(ROUNDS)]
            ratios = [rate / alone for rate, alone in rounds]
            figures |= {
                f"{kind}_events_per_s": round(median([rate for rate, _ in rounds])),
                f"{kind}_client_bulk_events_per_s": round(median([alone for _, alone in rounds])),
                f"{kind}_ratio": round(median(ratios), 3),
            }
            figures.setdefault("spread", {})[f"{kind}_ratio"] = spread(ratios)
    return report("worker-sink", store=store, **figures, target_ratio=0.7, events=len(events), rounds=ROUNDS)


def _catalog() -> list[Recorded]:
    return list(redis_sink.catalog_events(redis_sink.PRODUCTS))


def _orders() -> list[Recorded]:
    return list(lives(cassandra_sink.ORDERS_WRITTEN))


def _holding(events: Iterable[Recorded]) -> MemoryLog:
    log = MemoryLog()
    for event in events:
        _, row = record(event.position, event.stream, event.version, event.event, event.meta)
        log.insert_events([StoredEvent(row.stream, row.version, row.topic, pack_state(row))])
    return log


async def _round(kind: str, made: Topic, log: MemoryLog, opening: Any) -> tuple[float, float]:
    """Events a second by the worker, and by the client alone."""
    async with opening as opened:
        timed = Timed(Sinking("bench", opened.sink, made.partitions))
        source = SOURCES[kind](made, f"bench-{secrets.token_hex(6)}", "bench-1")
        settle_garbage()
        running = asyncio.create_task(source.run(Intake(timed, log, made.partitions)))
        await until(lambda: timed.count == len(log.rows))
        source.stop()
        await running
        return timed.rate(), len(log.rows) / await opened.alone()


@asynccontextmanager
async def _redis(events: Sequence[Recorded]) -> AsyncIterator[Opened]:
    from projections.redisviews.server import RedisServer
    from projections.redisviews.sink import RedisSink
    from readapi.reading import TOLD

    url, prefix = os.environ[NEEDS["redis"]], f"bench-{secrets.token_hex(4)}"
    server = RedisServer(url)

    async def alone() -> float:
        batches = await redis_sink.final_batches(server.client, prefix, -(-len(events) // redis_sink.BATCH))
        await redis_sink.clear(url, prefix)
        return await redis_sink.by_the_client(url, batches)

    try:
        yield Opened(RedisSink(server, redis_sink.PROJECTIONS, prefix, TOLD), alone)
    finally:
        await redis_sink.clear(url, prefix)
        await server.close()


@asynccontextmanager
async def _cassandra(events: Sequence[Recorded]) -> AsyncIterator[Opened]:
    hosts = hosts_of(os.environ[NEEDS["cassandra"]])
    async with cassandra_sink.empty(CassandraSettings(hosts=hosts, keyspace=cassandra_sink.KEYSPACE)) as sink:

        async def alone() -> float:
            beside = CassandraSettings(hosts=hosts, keyspace=f"{cassandra_sink.KEYSPACE}_alone")
            async with cassandra_sink.empty(beside) as other:
                return await cassandra_sink.driver_alone(other, events)

        yield Opened(sink, alone)
