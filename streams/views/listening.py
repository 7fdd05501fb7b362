"""Lets an engine hear what other processes commit, as soon as they do, where no follower of its own tells it."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from commands.engine import Engine
from commands.outage import Outage
from commands.store.port import EventLog

READ_MAX = 5_000
PATIENCE_S = 1.0
RETRY_S = 0.5

log = structlog.get_logger("listening")


class Listening:
    """Reads what other processes append as soon as it is there, so that the engine's aggregates are not behind when a
    command comes. Does without while the log is away."""

    def __init__(self, engine: Engine, event_log: EventLog) -> None:
        self._engine = engine
        self._log = event_log
        self._outage = Outage(log, "log_not_heard", "log_heard")
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._listen(), name="listening")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self) -> None:
        while True:
            try:
                if await self._log.changed(self._engine.frontier, PATIENCE_S):
                    self._engine.absorb(await self._log.read(self._engine.position, READ_MAX))
                    await asyncio.sleep(0)
                self._outage.ended()
            except Exception as error:
                self._outage.met(error)
                await asyncio.sleep(RETRY_S)
