"""``redis-sink``: events a second folded into Redis, and how fast Redis takes the same final bytes in bulk.

Two limits, both with a pipeline for each batch: the official client's, and the bare wire with every command encoded
beforehand, which is what the server itself can do.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from domain.catalog.product import Description, ProductCreated, Variant
from domain.inventory.inventory import StockReceived
from domain.money import Money
from domain.recorded import Meta, Recorded
from domain.sellers.offer import OfferPut, Terms
from kontor import console
from kontor.bench.report import median, report, spread
from kontor.wiring.embedded import settle_garbage
from projections.catalog.projector import CATALOG
from projections.projector import Projection
from projections.stock.projector import STOCK

PRODUCTS = 5_000
BATCH = 500
ROUNDS = 3
PROJECTIONS: Sequence[Projection] = (CATALOG, STOCK)
Command = tuple[Any, ...]
META = Meta(1_760_000_000_000, 1_760_000_000_000, "usr_bench", "cmd_bench", "", "", "", b"")


async def run() -> dict[str, Any]:
    url = os.environ.get("KONTOR_REDIS_URL")
    if not url:
        console.fail("redis-sink needs a Redis server; KONTOR_REDIS_URL names it", 2)
    events = list(catalog_events(PRODUCTS))
    sink, client, wire = [], [], []
    prefix = f"bench-{secrets.token_hex(4)}"
    settle_garbage()
    for _ in range(ROUNDS):
        seconds, commands = await _through_the_sink(url, prefix, events)
        await clear(url, prefix)
        sink.append(len(events) / seconds)
        client.append(len(events) / await by_the_client(url, commands))
        await clear(url, prefix)
        wire.append(len(events) / await on_the_wire(url, commands))
        await clear(url, prefix)
    to_client = [one / limit for one, limit in zip(sink, client, strict=True)]
    to_wire = [one / limit for one, limit in zip(sink, wire, strict=True)]
    return report(
        "redis-sink",
        events_per_s=round(median(sink)),
        client_bulk_events_per_s=round(median(client)),
        bare_wire_events_per_s=round(median(wire)),
        ratio=round(median(to_client), 3),
        target_ratio=0.7,
        ratio_to_bare_wire=round(median(to_wire), 3),
        spread={"ratio": spread(to_client), "ratio_to_bare_wire": spread(to_wire)},
        events=len(events),
        events_per_batch=BATCH,
        commands=sum(len(batch) for batch in commands),
    )


def catalog_events(products: int) -> Iterator[Recorded]:
    """A catalog as it is imported: product, offer, stock, and stock again."""
    position = 0
    for n in range(products):
        product, good = f"prd_{n:06d}", f"shp_{n % 20:02d}.SKU-{n:06d}"
        described = Description(
            f"Product number {n}", "It does what it says. " * 12, "Brand", ("Computers", f"Kind {n % 50}"),
            {"color": "black", "weight": "1.2 kg"}, (f"https://img.example/{n}.jpg",),
        )  # fmt: skip
        for stream, version, event in (
            (product, 1, ProductCreated("usr_bench", described, (Variant(f"SKU-{n:06d}"),))),
            (f"off_{good}", 1, OfferPut(product, Terms(Money(1_000 + n, "EUR")))),
            (f"stk_{good}", 1, StockReceived(10)),
            (f"stk_{good}", 2, StockReceived(5)),
        ):
            position += 1
            yield Recorded(position, stream, version, event, META, b"")


async def _through_the_sink(url: str, prefix: str, events: Sequence[Recorded]) -> tuple[float, list[list[Command]]]:
    """Seconds, and the commands that make the same final state, in as many batches."""
    from projections.redisviews.server import RedisServer
    from projections.redisviews.sink import RedisSink
    from readapi.reading import TOLD

    server = RedisServer(url)
    sink = RedisSink(server, PROJECTIONS, prefix, TOLD)
    await sink.progress()
    started = time.perf_counter()
    for start in range(0, len(events), BATCH):
        some = events[start : start + BATCH]
        await sink.write(0, some[-1].position, some)
    seconds = time.perf_counter() - started
    batches = await final_batches(server.client, prefix, -(-len(events) // BATCH))
    await server.close()
    return seconds, batches


async def final_batches(client: Any, prefix: str, batches: int) -> list[list[Command]]:
    """What makes the same final state, in so many batches."""
    commands = [command async for command in final_commands(client, prefix)]
    size = -(-len(commands) // batches)
    return [commands[start : start + size] for start in range(0, len(commands), size)]


async def final_commands(client: Any, prefix: str) -> Any:
    async for key in client.scan_iter(match=f"{prefix}*", count=1000):
        kind = await client.type(key)
        if kind == b"string":
            yield ("SET", key, await client.get(key))
        elif kind == b"zset":
            for member in await client.zrange(key, 0, -1):
                yield ("ZADD", key, 0, member)
        else:
            for field, value in (await client.hgetall(key)).items():
                yield ("HSET", key, field, value)


async def clear(url: str, prefix: str) -> None:
    from redis.asyncio import Redis

    client = Redis.from_url(url)
    async for key in client.scan_iter(match=f"{prefix}*", count=1000):
        await client.unlink(key)
    await client.aclose()


async def by_the_client(url: str, batches: Sequence[Sequence[Command]]) -> float:
    from redis.asyncio import Redis

    client = Redis.from_url(url)
    await client.ping()
    started = time.perf_counter()
    for batch in batches:
        pipeline = client.pipeline(transaction=False)
        for command in batch:
            pipeline.execute_command(*command)
        await pipeline.execute()
    seconds = time.perf_counter() - started
    await client.aclose()
    return seconds


async def on_the_wire(url: str, batches: Sequence[Sequence[Command]]) -> float:
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port or 6379)
    database = place.path.strip("/") or "0"
    writer.write(_encoded(("SELECT", database)))
    await reader.readline()
    ready = [b"".join(_encoded(command) for command in batch) for batch in batches]
    started = time.perf_counter()
    for batch, encoded in zip(batches, ready, strict=True):
        writer.write(encoded)
        for _ in batch:
            await reader.readline()
    seconds = time.perf_counter() - started
    writer.close()
    return seconds


def _encoded(command: Command) -> bytes:
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
