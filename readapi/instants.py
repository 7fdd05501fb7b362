"""Instants: milliseconds since 1970 inside, RFC 3339 in UTC outside."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from readapi.edge.problems import BadParameter

CHARS_MAX = 40


def instant(at: int) -> str:
    """``2026-11-23T07:22:32.123Z``."""
    return f"{_second(at // 1000)}.{at % 1000:03d}Z"


@lru_cache(1_024)
def _second(at: int) -> str:
    """Answers show the same few seconds again and again."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def parse_instant(raw: str, name: str) -> int:
    """Raises BadParameter unless it is an RFC 3339 date and time with an offset."""
    try:
        if len(raw) > CHARS_MAX:
            raise ValueError
        at = datetime.fromisoformat(raw)
    except ValueError:
        raise BadParameter("query", name, "an RFC 3339 instant such as 2026-11-23T07:22:32Z") from None
    if at.tzinfo is None:
        raise BadParameter("query", name, "the instant needs an offset, such as Z")
    return int(at.timestamp() * 1000)
