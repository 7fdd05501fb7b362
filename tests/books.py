"""Waiting for the ledger, which follows the money by a moment: tests that count events want it to have come to rest."""

from __future__ import annotations

import asyncio

from commands.mapper import recorded
from commands.store.port import EventLog
from domain.books.ledger import JOURNAL, LedgerPosted
from streams.money.bookkeeping import TOPICS

PAGE = 10_000
WITHIN_S = 20


async def kept(log: EventLog) -> int:
    """The log's head, once all money that moved before it is posted."""
    last = head = 0
    while rows := await log.read(head, PAGE):
        head = rows[-1].position
        last = max([last, *(row.position for row in rows if row.topic.startswith(TOPICS))])
    async with asyncio.timeout(WITHIN_S):
        while await _posted(log) < last:  # noqa: ASYNC110  # perhaps another process posts it
            await asyncio.sleep(0.02)
    return await log.head()


async def _posted(log: EventLog) -> int:
    """Up to which position."""
    events = [recorded(row).event for row in await log.read_stream(JOURNAL)]
    return max(
        (one.position for event in events if isinstance(event, LedgerPosted) for one in event.transactions), default=0
    )
