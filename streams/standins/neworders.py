"""The newest orders of everybody, straight from the log: no view keeps a list that all orders are in."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from commands.store.port import EventLog
from streams.outgoing.published import READ_PAGE, SCANNED_MAX, type_of

PLACED = "order.placed"


class Found(NamedTuple):
    order_ids: list[str]
    """Newest first."""
    reached: int
    """Before this position begins what was not looked at; 0 at the beginning of the log."""


async def placed_before(log: EventLog, before: int, limit: int, scanned_max: int = SCANNED_MAX) -> Found:
    """Orders placed before a position: at most ``limit``, and none that more than ``scanned_max`` events lie behind.

    Raises StorageUnavailable.
    """
    ids: list[str] = []
    reached, lowest = before, max(1, before - scanned_max)
    while reached > lowest:
        start = max(lowest, reached - READ_PAGE)
        rows = await log.read(start - 1, reached - start)
        for row in reversed(rows):
            if type_of(row.topic) == PLACED:
                ids.append(row.stream)
                if len(ids) == limit:
                    return Found(ids, row.position if row.position > 1 else 0)
        reached = start
        await asyncio.sleep(0)
    return Found(ids, reached if reached > 1 else 0)
