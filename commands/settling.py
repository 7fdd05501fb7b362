"""What became of a batch whose COMMIT was asked for and never answered: the log tells."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from commands.batch import Batch
from commands.outage import Outage
from commands.store.port import EventLog, Transaction

RETRY_S = 0.2


async def was_written(
    batch: Batch, event_log: EventLog, catch_up: Callable[[Transaction], Awaitable[None]], outage: Outage
) -> bool:
    """Asked under the lock, so that nothing is still on its way; a transaction is written whole or not at all.

    Keeps asking until the log can be read: until then nobody knows what to answer. ``catch_up`` is the engine's, which
    has to know what others wrote before it decides anything more.
    """
    while True:
        try:
            transaction = await event_log.begin()
            try:
                await catch_up(transaction)
                if batch.rows:
                    return batch.rows[-1] in await transaction.tail(batch.base)
                return await transaction.replies(batch.replies) == batch.replies
            finally:
                await transaction.rollback()
        except Exception as error:
            outage.met(error, commands=len(batch.submissions))
            await asyncio.sleep(RETRY_S)
