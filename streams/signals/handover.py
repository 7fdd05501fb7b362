"""Where routes leave signals, and what takes them on: a queue that is never waited for.

When it is full, or what takes them on is away, signals are lost and counted as lost; an answer is never slower for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

import structlog

from commands.outage import Outage
from streams.signals.port import Asked, Outlet, SignalsAway, SignalStore
from streams.signals.signal import Signal

QUEUE_MAX = 10_000
TOGETHER = 1_000
PACE_S = 0.25
TAKE_S = 5.0
CLOSE_S = 2.0

log = structlog.get_logger("signals")


class Signals:
    """``outlet`` takes on what is offered; ``store`` tells what has arrived. Start it in the process's event loop."""

    def __init__(self, outlet: Outlet, store: SignalStore, *, queue_max: int = QUEUE_MAX) -> None:
        self.taken = 0
        self.lost = 0
        """Since the process began."""
        self._outlet = outlet
        self._store = store
        self._queue_max = queue_max
        self._waiting: deque[Signal] = deque()
        self._wake = asyncio.Event()
        self._outage = Outage(log, "signals_lost", "signals_taken")
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def offer(self, signals: Sequence[Signal]) -> int:
        """How many of them found room."""
        room = max(0, self._queue_max - len(self._waiting))
        self._waiting.extend(signals[:room])
        self.lost += len(signals[room:])
        if self._waiting:
            self._wake.set()
        return min(room, len(signals))

    async def viewed(self, session: str) -> list[str]:
        """Raises SignalsAway."""
        return await self._store.viewed(session)

    async def asked(self, at: int) -> list[Asked]:
        """Raises SignalsAway."""
        return await self._store.asked(at)

    async def forget(self, session: str) -> None:
        """With what still waits. Raises SignalsAway."""
        self._waiting = deque(one for one in self._waiting if one.session != session)
        await self._store.forget(session)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="signals")

    async def close(self) -> None:
        """Hands over what waits, if that is done at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            if self._waiting:
                await self._hand_over(CLOSE_S)
        await self._outlet.close()

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._hand_over(TAKE_S)
                await asyncio.sleep(PACE_S)

    async def _hand_over(self, within_s: float) -> None:
        batch = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
        try:
            async with asyncio.timeout(within_s):
                await self._outlet.take(batch)
        except (SignalsAway, TimeoutError) as error:
            self.lost += len(batch)
            self._outage.met(error)
        except Exception:  # a bug loses what it met, and not what comes after
            self.lost += len(batch)
            log.exception("signals_failed")
        else:
            self.taken += len(batch)
            self._outage.ended()
