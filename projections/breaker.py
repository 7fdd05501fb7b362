"""A circuit breaker: spares a server that fails, and the callers who would wait for it.

Closed, calls go through. After some failures in a row it opens: calls are refused at once. When it has been open for a
while it is half open: one call may try. If that succeeds it closes, otherwise it stays open for as long again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

import structlog

State = Literal["closed", "open", "half-open"]

log = structlog.get_logger("breaker")


class CircuitOpen(RuntimeError):
    """Not tried: the server failed just now. ``retry_in`` is in seconds."""

    def __init__(self, name: str, retry_in: float) -> None:
        super().__init__(f"{name} failed repeatedly and is left alone for another {retry_in:.1f} s")
        self.retry_in = retry_in


class Breaker:
    """``admit`` before a call, then ``succeeded`` or ``failed``. May be shared between threads.

    A trial whose outcome is never told counts as failed after ``rest_s``: it does not keep the breaker open for ever.
    """

    def __init__(
        self, name: str, failures_max: int = 5, rest_s: float = 2.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self._failures_max = failures_max
        self._rest_s = rest_s
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._tried_at = 0.0
        """When it opened or last let a trial through."""

    @property
    def state(self) -> State:
        with self._lock:
            return self._state()

    def admit(self) -> None:
        """Raises CircuitOpen if the call must not be made."""
        with self._lock:
            state = self._state()
            if state == "open":
                raise CircuitOpen(self.name, self._tried_at + self._rest_s - self._clock())
            if state == "half-open":
                self._tried_at = self._clock()

    def succeeded(self) -> None:
        with self._lock:
            closes = self._failures >= self._failures_max
            self._failures = 0
        if closes:
            log.info("breaker_closed", server=self.name)

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._tried_at = self._clock()
            opens = self._failures == self._failures_max
        if opens:
            log.warning("breaker_opened", server=self.name, failures=self._failures_max)

    def _state(self) -> State:
        if self._failures < self._failures_max:
            return "closed"
        return "open" if self._clock() < self._tried_at + self._rest_s else "half-open"
