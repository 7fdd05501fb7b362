"""Running things beside a test, and waiting for what they bring about."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from commands.store.port import EventLog
from streams.broker.messages import Message
from streams.broker.outlet import Outlet
from streams.broker.topic import Topic
from streams.intake import Intake
from streams.relay import Relay
from streams.worker import Handler


def untouched(messages: Sequence[Message]) -> bool:
    """What the relay's docstring claims of a partition: no message begins beyond what those before it tell."""
    highest = 0
    for message in messages:
        if message.after > highest:
            return False
        highest = max(highest, message.position)
    return True


async def until(condition: Callable[[], object], seconds: float = 30, what: object = "") -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what() if callable(what) else what}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def relaying(log: EventLog, topic: Topic) -> AsyncIterator[Relay]:
    relay = Relay(log, Outlet(topic))
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        relay.stop()
        await asyncio.wait_for(task, 30)


@asynccontextmanager
async def consuming(source: Any, handler: Handler, log: EventLog, topic: Topic) -> AsyncIterator[asyncio.Task[None]]:
    """The worker's task; it has to end by itself and without an error when stopped."""
    task = asyncio.create_task(source.run(Intake(handler, log, topic.partitions)))
    try:
        yield task
    finally:
        source.stop()
        await asyncio.wait_for(task, 30)
