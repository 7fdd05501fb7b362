"""Places for pictures that are being decoded: so many at once, one for each owner, and a queue that is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

AT_ONCE = 2
WAITING_MAX = 16
WAIT_S = 8.0


class NoPlace(Exception):
    """Too many wait, or have for too long. Later there may be one."""


class Places:
    """An owner has one at a time: whoever sends pictures that take long to decode waits for himself, not others for
    him."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING_MAX, wait: float = WAIT_S) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._owners: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._most = at_once + waiting
        self._here = 0
        self._wait = wait

    @asynccontextmanager
    async def one(self, owner_id: str) -> AsyncIterator[None]:
        """Raises NoPlace."""
        if self._here >= self._most:
            raise NoPlace
        self._here += 1
        try:
            async with AsyncExitStack() as held:
                try:
                    async with asyncio.timeout(self._wait):
                        await held.enter_async_context(self._owners.setdefault(owner_id, asyncio.Lock()))
                        await held.enter_async_context(self._places)
                except TimeoutError:
                    raise NoPlace from None
                yield
        finally:
            self._here -= 1
