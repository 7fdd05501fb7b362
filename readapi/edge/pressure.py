"""Whether one more request may come in. Under a load that the process cannot carry, whoever is let in would wait behind
all the others, and everybody would be too late; so those beyond what can be answered soon are refused at once.

How many are inside says little by itself: those that wait for a payment or a position cost nothing, and a burst is over
in a moment. What tells is that the loop's thread had no rest for a while: it ran, or was ready to and another had the
processor. From then on no more come in than are answered within ``WAIT_S``, as the process has gone lately, until for
a while nobody had to be refused. By time and not by number: a process tells three thousand a second that something is
sold out, and takes five hundred orders.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from pathlib import Path

LOOK_S = 0.1
BUSY = 0.75
"""Of the time; the rest it may have waited for other threads of its own."""
LOOKS = 4
"""One after the other that were busy: longer than bursts last."""
WAIT_S = 0.1
"""Behind those who came before; the slowest of a hundred waits some two and a half times as long."""
SMOOTHED = 0.3
"""Weight of the last look in how fast answers come."""
CALM_S = 1.0
"""Without a refusal, until any number may come in again."""


class Demand:
    """What a thread has wanted of a processor, in seconds: got or not, where the system tells; else what it got."""

    def __init__(self) -> None:
        """Of the thread that asks."""
        self._told = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")

    def seconds(self) -> float:
        with suppress(OSError, ValueError):
            ran, waited, _ = self._told.read_bytes().split()
            return (int(ran) + int(waited)) / 1e9
        return time.thread_time()


class Pressure:
    """``always`` as many are let in, however slow it goes; 0: any number."""

    def __init__(self, always: int) -> None:
        self.inside = 0
        self.refusing = False
        self._always = always
        self._most = always
        """May be inside, and not be answered yet, while there are too many."""
        self._answered = 0
        self._per_s = 0.0
        self._busy = 0
        """Looks without rest until now."""
        self._looked_at = self._demanded = self._refused_at = 0.0
        self._demand: Demand
        self._loop: asyncio.AbstractEventLoop | None = None
        """Whose timer runs."""

    def enter(self) -> bool:
        """Whether a request may come in; it ``leaves`` then when its answer begins, or never will."""
        if self._always and self.inside >= self._always:
            loop = asyncio.get_running_loop()
            if loop is not self._loop:
                self._watch(loop)
            if self.refusing and self.inside >= self._most:
                self._refused_at = loop.time()
                return False
        self.inside += 1
        return True

    def leave(self) -> None:
        self.inside -= 1
        self._answered += 1

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """With the first request that is one too many."""
        self._loop, self._demand, self._busy, self.refusing = loop, Demand(), 0, False
        self._answered, self._per_s = 0, 0.0
        self._look_again(loop)

    def _look_again(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looked_at, self._demanded = loop.time(), self._demand.seconds()
        loop.call_later(LOOK_S, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:
            return
        now = loop.time()
        self._measure(now - self._looked_at)
        busy = self._demand.seconds() - self._demanded >= BUSY * (now - self._looked_at)
        self._busy = self._busy + 1 if busy and (self.refusing or self.inside >= self._always) else 0
        if self._busy >= LOOKS and not self.refusing:
            self.refusing, self._refused_at = True, now
        elif self.refusing and now - self._refused_at > CALM_S:
            self.refusing = False
        if self.refusing or self.inside >= self._always:
            self._look_again(loop)
        else:
            self._loop = None

    def _measure(self, seconds: float) -> None:
        """How fast it goes, and how many that lets in."""
        per_s, self._answered = self._answered / seconds, 0
        self._per_s += (SMOOTHED if self._per_s else 1.0) * (per_s - self._per_s)
        self._most = max(self._always, int(self._per_s * WAIT_S))
