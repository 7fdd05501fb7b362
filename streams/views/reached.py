"""How far views that several workers fill have got, and who waits for them to get further."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from itertools import count


class Reached:
    """The views show everything up to ``position``: the least of all partitions, 0 for one that nobody began.

    It falls when a store loses its rows.
    """

    def __init__(self, partitions: int, awaited: Callable[[], None] = lambda: None) -> None:
        """``awaited`` is called when somebody begins to wait."""
        self.position = 0
        self._highest = 0
        self._partitions = partitions
        self._awaited = awaited
        self._by_partition: dict[int, int] = {}
        self._waiters: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()

    @property
    def waiting(self) -> bool:
        while self._waiters and self._waiters[0][2].done():
            heappop(self._waiters)
        return bool(self._waiters)

    @property
    def fallen(self) -> bool:
        """The store has lost rows, and does not have all of them again."""
        return self.position < self._highest

    def get(self, partition: int) -> int:
        return self._by_partition.get(partition, 0)

    def all(self) -> dict[int, int]:
        return dict(self._by_partition)

    def advance(self, partition: int, position: int) -> None:
        self._by_partition[partition] = position
        self._settle()

    def replace(self, progress: Mapping[int, int]) -> None:
        self._by_partition = dict(progress)
        self._settle()

    def _settle(self) -> None:
        self.position = min(self._by_partition.get(partition, 0) for partition in range(self._partitions))
        self._highest = max(self._highest, self.position)
        while self._waiters and self._waiters[0][0] <= self.position:
            _, _, future = heappop(self._waiters)
            if not future.done():
                future.set_result(None)

    async def wait_for(self, position: int, timeout: float) -> bool:
        """Whether ``position`` was reached within ``timeout`` seconds."""
        if position <= self.position:
            return True
        future = asyncio.get_running_loop().create_future()
        heappush(self._waiters, (position, next(self._order), future))
        self._awaited()
        try:
            async with asyncio.timeout(timeout):
                await future
        except TimeoutError:
            return False
        return True
