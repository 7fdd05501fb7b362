"""Instants as people write them on the command line, and where in the log they fall."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from domain.instants import NoInstant as NoInstant
from domain.instants import parsed
from domain.stored.codec import decode_meta


def instant_of(text: str) -> int:
    """Milliseconds since 1970. Raises NoInstant."""
    try:
        return parsed(text)
    except NoInstant as error:
        raise NoInstant(f"{text!r} is no instant: {error}") from error


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
