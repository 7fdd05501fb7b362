"""Answers that hold until the search index changes: worked out once for everybody who asks meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

KEY_BYTES_MAX = 500
T = TypeVar("T")


class Remembered(Generic[T]):
    """``generation`` gives a number that changes with the index. Keeps ``maximum`` answers at most, and no failure."""

    def __init__(self, generation: Callable[[], int], maximum: int) -> None:
        self._of = generation
        self._maximum = maximum
        self._generation = -1
        self._answers: OrderedDict[bytes, asyncio.Future[T]] = OrderedDict()

    async def get(self, key: bytes, make: Callable[[], Awaitable[T]]) -> T:
        """Raises what ``make`` raises."""
        if self._generation != self._of():
            self._generation = self._of()
            self._answers.clear()
        if len(key) > KEY_BYTES_MAX:
            key = hashlib.blake2b(key).digest()
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = asyncio.ensure_future(make())
            known.add_done_callback(lambda done: self._forget_failure(key, done))
            while len(self._answers) > self._maximum:
                self._answers.popitem(last=False)
        # Shielded, because others may be waiting for the same answer when one of them goes away.
        return known.result() if known.done() else await asyncio.shield(known)

    def _forget_failure(self, key: bytes, done: asyncio.Future[T]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and self._answers.get(key) is done:
            del self._answers[key]
