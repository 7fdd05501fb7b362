"""Prices that begin and end so many seconds from now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any


def scheduled(cents: int, *, starts: float | None = None, ends: float | None = None, **more: Any) -> dict[str, Any]:
    """Bounds in seconds from now."""
    now = datetime.now(UTC)
    bounds = {"startsAt": starts, "endsAt": ends}
    times = {name: (now + timedelta(seconds=at)).isoformat() for name, at in bounds.items() if at is not None}
    return {"price": {"amount": cents, "currency": "USD"}, **times, **more}
