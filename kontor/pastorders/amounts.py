"""From the text of the data to whole minor units and milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


def minor_units(amount: Decimal) -> int | None:
    """Of a currency with two decimals; None for an amount between two of them."""
    scaled = amount * 100
    return int(scaled) if scaled == scaled.to_integral_value() else None


def instant_of(text: str) -> int:
    """Neither data set names a zone, so what its clocks showed is taken for UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
