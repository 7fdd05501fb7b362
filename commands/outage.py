"""Something that a background task needs and does not get: told when that begins, once a minute meanwhile, and when it
is over. Whoever tries again several times a second would otherwise fill the log with one and the same line."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

TOLD_AGAIN_S = 60.0


class Outage:
    """``began`` and ``over`` are the names of the entries, in ``log`` of structlog.

    Call ``met`` at each failure and ``ended`` at each success, which costs nothing while all is well.
    """

    def __init__(self, log: Any, began: str, over: str, now: Callable[[], float] = time.monotonic) -> None:
        self.lasts = False
        self._log = log
        self._began = began
        self._over = over
        self._now = now
        self._since = 0.0
        self._tell_at = 0.0
        self._failures = 0

    def met(self, error: object, **about: Any) -> None:
        now = self._now()
        if not self.lasts:
            self.lasts, self._since, self._tell_at, self._failures = True, now, now, 0
        self._failures += 1
        if now >= self._tell_at:
            self._tell_at = now + TOLD_AGAIN_S
            seconds = round(now - self._since, 1)
            self._log.warning(self._began, error=_words(error), failures=self._failures, seconds=seconds, **about)

    def ended(self) -> None:
        if self.lasts:
            self.lasts = False
            self._log.info(self._over, failures=self._failures, seconds=round(self._now() - self._since, 1))


def _words(error: object) -> str:
    """An exception that says nothing is named by its kind."""
    return str(error) or repr(error)
