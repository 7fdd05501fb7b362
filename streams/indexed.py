"""How far the search index is, seen from a process that only reads it."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from projections.search.port import SearchIndex
from streams.reached import Reached

AWAITED_S = 0.03
IDLE_S = 0.5

log = structlog.get_logger("indexed")


class Indexed:
    """Looks rarely while nobody waits, so ``position`` is about so old and never ahead."""

    backlog = 0

    def __init__(self, search: SearchIndex) -> None:
        self.generation = 0
        self._search = search
        self._awaited = asyncio.Event()
        self._reached = Reached(1, self._awaited.set)
        self._task: asyncio.Task[None] | None = None

    @property
    def position(self) -> int:
        return self._reached.position

    async def wait_for(self, position: int, timeout: float) -> bool:
        return await self._reached.wait_for(position, timeout)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._look(), name="indexed")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _look(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._search.refresh)
                position = await asyncio.to_thread(self._search.position)
                if position != self.position:
                    self.generation += 1
                    self._reached.replace({0: position})
            except Exception as error:
                log.warning("index_position_unknown", error=repr(error))
            self._awaited.clear()
            if self._reached.waiting:
                await asyncio.sleep(AWAITED_S)
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_S):
                        await self._awaited.wait()
