"""Forgetting: answers to idempotent requests are kept for as long as somebody may ask for them again, and no longer.

Any number of processes on one log may do the same; whoever comes second finds nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from commands.errors import WritePathError
from commands.idempotency import KEEP_MS
from commands.outage import Outage
from commands.pausing import pause
from commands.store.port import EventLog

ROUND_S = 3_600.0

log = structlog.get_logger("forgetting")


class Forgetting:
    """Looks once an hour, first when it starts. ``clock`` gives milliseconds."""

    def __init__(self, event_log: EventLog, clock: Callable[[], int]) -> None:
        self._log = event_log
        self._clock = clock
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._outage = Outage(log, "answers_not_forgotten", "answers_forgotten_again")

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="forgetting")

    async def close(self) -> None:
        """What is left is for the next round."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def round(self) -> int:
        """How many answers it forgot. Raises WritePathError."""
        forgotten = 0
        async for some in self._log.forget_replies(self._clock() - KEEP_MS):
            forgotten += some
            if self._closing.is_set():
                break
        if forgotten:
            log.info("answers_forgotten", answers=forgotten)
        return forgotten

    async def _run(self) -> None:
        while not self._closing.is_set():
            try:
                await self.round()
                self._outage.ended()
            except WritePathError as error:
                self._outage.met(error)
            except Exception:
                log.exception("forgetting_failed")
            await pause(self._closing, ROUND_S)
