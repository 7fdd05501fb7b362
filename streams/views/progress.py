"""How far workers have filled a store of views, as a task of this process learns it: what its two kinds share.

``following.py`` asks the store now and then, ``noticing.py`` is told by it.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from commands.logs.merged import placed
from commands.outage import Outage
from commands.store.port import EventLog
from streams.views.reached import Reached


class Progress(ABC):
    """``outage`` lasts while the store does not answer."""

    def __init__(self, reached: Reached, outage: Outage) -> None:
        self._reached = reached
        self._outage = outage
        self._task: asyncio.Task[None] | None = None
        self.log: EventLog | None = None
        """Whose tokens are waited for: of several logs a token becomes a place in their order first."""

    @property
    def away(self) -> bool:
        """The store does not answer, or has lost rows that workers are filling in again."""
        return self._outage.lasts or self._reached.fallen

    @property
    def position(self) -> int:
        return self._reached.position

    async def wait_for(self, position: int, timeout: float) -> bool:
        """Whether it was reached within ``timeout`` seconds."""
        if self.log is not None:
            position, timeout = await placed(self.log, position, timeout)
        return await self._reached.wait_for(position, timeout)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._learn(), name=type(self).__name__.lower())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @abstractmethod
    async def _learn(self) -> None:
        """For ever, whatever fails."""
