"""An event loop without a clock and without waiting: time is a number that jumps to the next timer.

The callbacks that are ready at one time run in an order drawn from the seed; what they schedule runs in the turn after
them, as in any loop. A callback is a *step*.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any, TypeVar
from weakref import WeakSet

T = TypeVar("T")
OWNER: ContextVar[list[asyncio.Task[Any]] | None] = ContextVar("owner", default=None)
"""The tasks of the simulated process that is running; every task that is created there joins them."""
OWNED_MIN = 256
START_MS = 1_700_000_000_000
"""When every simulation begins: milliseconds since 1970."""


class Stuck(Exception):
    """Everybody waits and no timer runs."""


class SimulatedLoop(asyncio.AbstractEventLoop):
    def __init__(self, chance: Random) -> None:
        self.steps = 0
        self.late_s = 0.0
        """How late a timer may be, at the most."""
        self.after_step: Callable[[], None] = lambda: None
        """What it raises ends the run."""
        self._chance = chance
        self._now = 0.0
        self._ready: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = count()
        self._tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
        self._running = False

    # time and callbacks

    def time(self) -> float:
        """Seconds since the simulation began."""
        return self._now

    def now_ms(self) -> int:
        """What a clock shows that is right, in milliseconds since 1970."""
        return START_MS + int(self._now * 1000)

    def call_soon(  # type: ignore[override]  # typed more loosely than asyncio's own
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]  # typed more loosely than asyncio's own
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        if self.late_s and self._chance.random() < 0.1:
            when += self._chance.random() * self.late_s
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def call_later(  # type: ignore[override]  # typed more loosely than asyncio's own
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Asked for by asyncio; a cancelled timer is passed over when its time comes."""

    # futures and tasks

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Coroutine[Any, Any, T] | Generator[Any, None, T],
        *,
        name: object = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        context = context or copy_context()
        task = asyncio.Task(coro, loop=self, name=str(name), context=context)
        self._tasks.add(task)
        owned = context.get(OWNER)
        if owned is not None:
            if len(owned) >= OWNED_MIN:
                owned[:] = [one for one in owned if not one.done()]
            owned.append(task)
        return task

    def run_in_executor(  # type: ignore[override]  # typed more loosely than asyncio's own
        self, executor: object, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """No thread: a step of its own. Whoever is killed meanwhile, his threads are too."""
        future = self.create_future()

        def run() -> None:
            if future.done():
                return
            try:
                future.set_result(func(*args))
            except Exception as error:
                future.set_exception(error)

        self.call_soon(run)
        return future

    # running

    def run_until_complete(self, future: Any) -> Any:
        """Raises Stuck, and what ``after_step`` raises."""
        task = asyncio.ensure_future(future, loop=self)
        asyncio._set_running_loop(self)
        self._running = True
        try:
            while not task.done():
                self._turn()
            return task.result()
        finally:
            self._running = False
            asyncio._set_running_loop(None)

    def abandon(self) -> None:
        """Ends whatever still waits, when nobody will turn any more. What it says on its way out is no longer heard."""
        for task in [task for task in self._tasks if not task.done()]:
            with suppress(BaseException):
                task.get_coro().close()

    def _turn(self) -> None:
        timers, ready = self._timers, self._ready
        while timers and timers[0][2].cancelled():
            heappop(timers)
        if not ready:
            if not timers:
                raise Stuck("everybody waits, and for nothing")
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            ready.append(heappop(timers)[2])
        self._ready = []
        self._chance.shuffle(ready)
        for handle in ready:
            if not handle.cancelled():
                self.steps += 1
                handle._run()
                self.after_step()

    # the rest of what asyncio asks of a loop

    def is_running(self) -> bool:
        return self._running

    def is_closed(self) -> bool:
        return False

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Futures whose owners were killed are never asked; what a callback raises ends the run."""
        if "handle" in context and "exception" in context:
            raise context["exception"]
