"""Running a relay or a source beside a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from commands.store.port import EventLog
from streams.broker.intake import Intake
from streams.broker.messages import Message
from streams.broker.outlet import Outlet
from streams.broker.relay import Relay
from streams.broker.topic import Topic
from streams.broker.worker import Handler


def untouched(messages: Sequence[Message]) -> bool:
    """What the relay's docstring claims of a partition: no message begins beyond what those before it tell."""
    highest = 0
    for message in messages:
        if message.after > highest:
            return False
        highest = max(highest, message.position)
    return True


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
