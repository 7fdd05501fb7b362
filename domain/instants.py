"""Instants: milliseconds since 1970 inside, RFC 3339 in UTC outside."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


def instant(at: int) -> str:
    """``2026-11-23T07:22:32.123Z``."""
    return f"{_second(at // 1000)}.{at % 1000:03d}Z"


@lru_cache(1_024)
def _second(at: int) -> str:
    """Answers show the same few seconds again and again."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
