"""Calendar months (UTC), by which long lists are divided into partitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 253_402_300_799_999
"""The end of the year 9999 (ms), where dates end; whatever lies beyond shares that month."""


def month_of(ms: int) -> int:
    """Months since January 1970 of an instant in milliseconds; never less for a later one."""
    at = _EPOCH + timedelta(milliseconds=min(max(ms, 0), _LAST))
    return (at.year - 1970) * 12 + at.month - 1
