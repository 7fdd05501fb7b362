"""An order of three units that are packed and paid for one parcel after the other."""

from __future__ import annotations

import asyncio
from typing import Any

from domain.payments.payment import Payment
from tests.streams.house import House, quote_of

UNITS = 3
QUOTE = quote_of(UNITS)
(LINE,) = QUOTE.lines
ONE = {LINE.line_id: 1}


async def until(house: House, stream: str, reached: Any) -> Any:
    """Looked at again now and then: another process may have done it."""
    async with asyncio.timeout(20):
        while not reached(state := await house.engine.state(stream)):
            watch = house.engine.watch(stream, reached)
            await asyncio.wait([watch], timeout=0.2)
            watch.cancel()
    return state


def over(status: str) -> Any:
    return lambda state: isinstance(state, Payment) and state.status == status and not state.intent
