"""Where signals are kept, in either profile; held to ``tests/contracts/signals.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from projections.views import ViewsUnavailable
from streams.signals.signal import Signal

DAYS = 14
"""Searches count for so long."""
VIEWED_DAYS = 30
VIEWED_MAX = 50
"""Products of a session that are remembered, the newest."""
COUNTED_MAX = 200_000
"""Different steps of different sessions that count on one day; what comes after them is not counted."""
ASKED_MAX = 500
TOGETHER_MIN = 3
"""A search is told to others when so many sessions did the same on one day: what one alone typed is nobody's
business."""


class SignalsAway(ViewsUnavailable):
    """The store does not answer; what was to be kept may be lost."""


class Asked(NamedTuple):
    """Sessions by day, added up."""

    text: str
    searched: int
    led: int
    """To a product that was opened, put into a cart or bought."""


class SignalStore(Protocol):
    """Methods raise SignalsAway. Signals that come twice change nothing."""

    async def take(self, signals: Sequence[Signal]) -> None: ...

    async def viewed(self, session: str) -> list[str]:
        """Products that a session opened, the newest first."""

    async def asked(self, at: int) -> list[Asked]:
        """Searches that led TOGETHER_MIN sessions of one day somewhere, of the last days before ``at`` (ms); ASKED_MAX
        at most, those first that led most."""

    async def forget(self, session: str) -> None: ...


class Outlet(Protocol):
    """Takes signals on towards a store."""

    async def take(self, signals: Sequence[Signal]) -> None:
        """Raises SignalsAway."""

    async def close(self) -> None: ...


def ranked(led_by_day: Sequence[dict[str, int]], searched: dict[str, int]) -> list[Asked]:
    """Of days with how many sessions each text led somewhere."""
    total: dict[str, int] = {}
    known: set[str] = set()
    for led in led_by_day:
        for text, sessions in led.items():
            total[text] = total.get(text, 0) + sessions
            if sessions >= TOGETHER_MIN:
                known.add(text)
    best = sorted(known, key=lambda text: (-total[text], text))[:ASKED_MAX]
    return [Asked(text, searched.get(text, 0), total[text]) for text in best]
