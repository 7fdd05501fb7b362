"""``replay-full``: rows a second folded anew into Redis and Cassandra and documents into Elasticsearch; limit, the same
rows and documents as they are in the end by each server's client alone.

The whole way is timed: the log is read, decoded, folded and written. It lies in a file here, for the servers that the
rows go to are what is measured.
"""

from __future__ import annotations

import os
import resource
import secrets
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from commands.mapper import recorded
from kontor import console
from kontor.bench.cassandra_sink import final_rows, write_alone
from kontor.bench.redis_sink import by_the_client, clear, final_commands, on_the_wire
from kontor.bench.replay import grow
from kontor.bench.replay_index import elasticsearch
from kontor.bench.report import median, report, spread
from kontor.folder import DataFolder
from kontor.replay.logs import Followed
from kontor.replay.views import opened
from kontor.wiring.embedded import PROJECTIONS, settle_garbage
from projections.beside import Beside
from projections.orders.projector import ORDERS
from projections.redisviews.generation import RedisGeneration
from projections.sqlite import SQLiteViews
from projections.stock.projector import STOCK
from streams.history.replaying import Lane, Replaying

ORDERS_PLACED = 6_000
PRODUCTS = 10_000
ROUNDS = 5
NEEDED = ("KONTOR_REDIS_URL", "KONTOR_CASSANDRA", "KONTOR_ELASTICSEARCH_URL")
EVERY_MS = 3_600_000
BATCH = 1_000


async def run(orders: str = str(ORDERS_PLACED), products: str = str(PRODUCTS)) -> dict[str, Any]:
    url, hosts, elastic_url = map(os.environ.get, NEEDED)
    if not url or not hosts or not elastic_url:
        console.fail(f"replay-full needs servers of all three kinds: {', '.join(NEEDED)}", 2)
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as name:
        folder = DataFolder(Path(name))
        events = await grow(folder, int(orders), EVERY_MS)
        SQLiteViews(folder.views, PROJECTIONS).close()
        settle_garbage()
        with opened(folder) as (log, _):
            in_redis = await _redis(url, log, events)
            in_cassandra = _cassandra(hosts, log, events)
        catalog = Path(name) / "catalog"
        catalog.mkdir()
        in_elasticsearch = await elasticsearch(elastic_url, catalog, int(products))
    return report(
        "replay-full",
        **in_redis,
        **in_cassandra,
        **in_elasticsearch,
        target_ratio=0.9,
        events=events,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def _folded(generation: Beside, log: Followed, events: int) -> tuple[float, int]:
    """Seconds from the first event to the last acknowledged row, and how many rows were written."""
    generation.begin("bench")
    replaying, began = Replaying(log.read, [Lane(generation, 0)]), time.perf_counter()
    for _ in replaying.fold(events):
        pass
    return time.perf_counter() - began, replaying.rows


async def _redis(url: str, log: Followed, events: int) -> dict[str, Any]:
    """By one process, as the client's are; medians of rounds, in which all three take turns. Orders as well, of which
    there are more than of anything that Redis has otherwise."""
    prefix = f"bench-{secrets.token_hex(4)}"
    rounds = [await _orders_in_redis(url, prefix, log, events) for _ in range(ROUNDS)]
    with Redis.from_url(url) as client:
        stock, _ = _folded(RedisGeneration(client, prefix, STOCK, "_next", 1), log, events)
    await clear(url, prefix)
    seconds, to_client = median([one.folded for one in rounds]), [one.by_client / one.folded for one in rounds]
    return {
        "redis_orders_events_per_s": round(events / seconds),
        "redis_orders_rows_per_s": round(rounds[0].rows / seconds),
        "redis_orders_ratio_to_client_bulk": round(median(to_client), 3),
        "redis_orders_ratio_to_bare_wire": round(median([one.wire / one.folded for one in rounds]), 3),
        "redis_stock_events_per_s": round(events / stock),  # too few rows to say anything of writing them
        "redis_spread": spread(to_client),
    }


class Round(NamedTuple):
    """Seconds, besides the number of rows."""

    folded: float
    rows: int
    by_client: float
    wire: float


async def _orders_in_redis(url: str, prefix: str, log: Followed, events: int) -> Round:
    with Redis.from_url(url) as client:
        seconds, rows = _folded(RedisGeneration(client, prefix, ORDERS, "_next", 1), log, events)
    async with AsyncRedis.from_url(url) as other:
        commands = [command async for command in final_commands(other, f"{prefix}:")]
    batches = [commands[start : start + BATCH] for start in range(0, len(commands), BATCH)]
    await clear(url, prefix)
    settle_garbage()
    by_client = await by_the_client(url, batches)
    await clear(url, prefix)
    wire = await on_the_wire(url, batches)
    await clear(url, prefix)
    return Round(seconds, rows, by_client, wire)


def _cassandra(hosts: str, log: Followed, events: int) -> dict[str, Any]:
    from projections.cassandraviews import driver
    from projections.cassandraviews.generation import CassandraGeneration, books_of
    from projections.cassandraviews.settings import CassandraSettings, hosts_of
    from projections.cassandraviews.shape import Shape

    settings = CassandraSettings(hosts_of(hosts), f"bench_{secrets.token_hex(4)}", read_s=60, write_s=60)
    alone = replace(settings, keyspace=f"{settings.keyspace}_alone")
    session = driver.connect(settings, books_of(settings))
    try:
        seconds, rows = _folded(CassandraGeneration(session, settings, ORDERS, "_next", 1), log, events)
        driver.extend(session, alone, Shape(alone.keyspace, (ORDERS,)).schema)
        final = final_rows(alone.keyspace, [recorded(row) for row in log.read(0, events)])
        by_driver = write_alone(session, final)
    finally:
        for keyspace in (settings.keyspace, alone.keyspace):
            session.asking.execute(f"DROP KEYSPACE IF EXISTS {keyspace}", timeout=120)
        session.close()
    return {
        "cassandra_orders_events_per_s": round(events / seconds),
        "cassandra_orders_rows_per_s": round(rows / seconds),
        "cassandra_orders_ratio_to_driver_bulk": round(by_driver / seconds, 3),
    }
