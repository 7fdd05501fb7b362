"""What the benchmarks of the broker side share: a log with history, and a topic of its own that is gone afterwards."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient

from commands.context import Context, new_command_id
from commands.engine import Engine, now_ms
from commands.store.port import EventLog
from domain.inventory.inventory import ReceiveStock
from streams.broker.outlet import Outlet
from streams.broker.relay import Relay
from streams.broker.topic import Topic

WAITING = 2_000
SKUS = 2_000


@asynccontextmanager
async def trading(log: EventLog) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """A function that appends so many events through one engine, in batches as they come."""
    engine = Engine(log)
    await engine.start()

    async def trade(events: int) -> None:
        remaining = iter(range(events))

        async def caller() -> None:
            for i in remaining:
                now = now_ms()
                command = ReceiveStock(f"stk_shp_bench.{i % SKUS:05d}", 5, now)
                await engine.submit(command, Context("usr_bench", new_command_id(), now))

        await asyncio.gather(*(caller() for _ in range(min(WAITING, events))))

    yield trade
    await engine.close()


@asynccontextmanager
async def topic() -> AsyncIterator[Topic]:
    """On the broker that ``KONTOR_KAFKA`` names."""
    made = Topic(os.environ.get("KONTOR_KAFKA", "127.0.0.1:9092"), f"kontor.bench.{secrets.token_hex(6)}")
    await made.ensure()
    try:
        yield made
    finally:
        admin = AIOKafkaAdminClient(bootstrap_servers=made.servers)
        await admin.start()
        await admin.delete_topics([made.name])
        await admin.close()


@asynccontextmanager
async def relaying(log: EventLog, made: Topic) -> AsyncIterator[Relay]:
    relay = Relay(log, Outlet(made))
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        relay.stop()
        await task


async def until(reached: Callable[[], object]) -> None:
    """Looks every few milliseconds: what is measured does not know that somebody waits."""
    while True:
        if reached():
            return
        await asyncio.sleep(0.002)
