"""Instants: milliseconds since 1970 inside, RFC 3339 in UTC outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

LAST = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z: no later one can be written."""
CHARS_MAX = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class NoInstant(ValueError):
    """What is wrong with it, as a sentence that does not quote it."""


def parsed(text: str) -> int:
    """Of a date and time with an offset. What lies before 1970 counts as its beginning, what is beyond the year 9999 in
    UTC as its end: who writes "never" as the last second of that year in a time zone of their own means no more.

    Raises NoInstant.
    """
    try:
        if len(text) > CHARS_MAX:
            raise ValueError
        at = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise NoInstant("an RFC 3339 instant such as 2026-11-23T07:22:32Z") from error
    if at.tzinfo is None:
        raise NoInstant("the instant needs an offset, such as Z")
    return min(max(0, (at - _EPOCH) // _MILLISECOND), LAST)


def instant(at: int) -> str:
    """``2026-11-23T07:22:32.123Z``."""
    at = min(at, LAST)  # logs have later ones, of when such were taken as they came
    return f"{_second(at // 1000)}.{at % 1000:03d}Z"


@lru_cache(1_024)
def _second(at: int) -> str:
    """Answers show the same few seconds again and again."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
