"""Instants as people write them on the command line, and where in the log they fall."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from domain.stored.codec import decode_meta


class NoInstant(ValueError):
    """What is wrong with it, as a sentence."""


def instant_of(text: str) -> int:
    """Milliseconds since 1970. Raises NoInstant."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise NoInstant(f"no instant such as 2026-03-31T18:00:00+02:00: {text!r}") from error
    if at.tzinfo is None:
        raise NoInstant(f"the instant needs an offset, such as Z: {text!r}")
    return int(at.timestamp() * 1000)


def position_at(row: Callable[[int], Sequence[Any]], head: int, at: int) -> int:
    """Of the last event that was recorded by an instant (ms); 0 before the first. ``row`` gives a stored event."""
    low, high = 0, head
    while low < high:  # the log is in the order in which it was recorded
        middle = (low + high + 1) // 2
        if decode_meta(row(middle)[4]).recorded_at <= at:
            low = middle
        else:
            high = middle - 1
    return low
