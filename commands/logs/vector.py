"""Positions of several logs, as one token.

Whoever writes knows how far each log is, but not yet which place the events will have in the order of all of them
(``order.py``). So a command answers with one position for each log, and a reader waits until the order has taken in
all of them. What a reader answers with is a place in the order, which stands for one position of each log by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

LOGS_MAX = 64
BEYOND = 1 << 62
_DIGITS_MAX = 18


class Vector(int):
    """As a number it lies beyond every place in the order, because it is not known to be reached by any; of two that a
    process gave out the later is the larger. As a string it is the token."""

    parts: tuple[int, ...]

    def __new__(cls, parts: Iterable[int]) -> Vector:
        parts = tuple(parts)
        made = super().__new__(cls, BEYOND + min(sum(parts), BEYOND - 1))
        made.parts = parts
        return made

    def __str__(self) -> str:
        return ".".join(map(str, self.parts))

    __repr__ = __str__


def parse_vector(raw: str) -> Vector | None:
    """None for anything but a token of several parts."""
    parts = raw.split(".")
    if not 2 <= len(parts) <= LOGS_MAX:
        return None
    if not all(len(part) <= _DIGITS_MAX and part.isascii() and part.isdigit() for part in parts):
        return None
    return Vector(map(int, parts))
