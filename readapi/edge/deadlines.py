"""One clock for all requests in flight: who runs longer than allowed gets its task cancelled.

``asyncio.timeout`` sets and cancels a timer of the loop for each request, several microseconds in all. All requests
have the same limit, so here they stand in the order of their arrival and one timer looks at the front of the queue.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

TICKS = 8
"""How often the queue is looked at within one limit; a request may overrun by an eighth."""


class Deadlines:
    """``limit`` in seconds."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._tick = min(limit / TICKS, 1.0)
        self._running: dict[Deadline, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> Deadline:
        """Call in the task of the request."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # The first request, or one after another event loop took over the application.
            self._running.clear()
            self._loop = loop
            loop.call_later(self._tick, self._look)
        deadline = Deadline(self, monotonic() + self._limit, asyncio.current_task(loop))
        self._running[deadline] = None
        return deadline

    def drop(self, deadline: Deadline) -> None:
        self._running.pop(deadline, None)

    def _look(self) -> None:
        now = monotonic()
        while self._running:
            oldest = next(iter(self._running))
            if oldest.at > now:
                break
            del self._running[oldest]
            oldest.expire()
        if self._loop is not None and self._running:
            self._loop.call_later(self._tick, self._look)
        else:
            self._loop = None


class Deadline:
    """Of one request. After ``expired`` the task holds a cancellation that ``settle`` takes back."""

    __slots__ = ("_owner", "_task", "at", "expired")

    def __init__(self, owner: Deadlines, at: float, task: asyncio.Task[Any] | None) -> None:
        self._owner = owner
        self._task = task
        self.at = at
        self.expired = False

    def expire(self) -> None:
        if self._task is not None:
            self.expired = True
            self._task.cancel()

    def lift(self) -> None:
        """The request may now take as long as it likes."""
        self._owner.drop(self)

    def settle(self) -> bool:
        """Ends the deadline. Says whether it had struck and nobody else has cancelled the task besides."""
        self._owner.drop(self)
        struck, self.expired = self.expired, False
        return struck and self._task is not None and self._task.uncancel() == 0
