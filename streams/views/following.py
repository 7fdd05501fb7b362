"""The reading side's progress: how far the workers have filled a store of views, seen from a process that only reads.

For a store that tells nobody when it changes. One poll serves all who wait; while nobody does, polls are rare, so
``position`` is about so old and never ahead. A store that is not answering leaves it where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog

from commands.outage import Outage
from projections.views import ViewsUnavailable
from streams.views.progress import Progress
from streams.views.reached import Reached

AWAITED_S = 0.05
"""Each poll costs the store a request. Who waits may wait so long beyond what the store itself takes."""
IDLE_S = 0.5
UNAVAILABLE_S = 0.25

log = structlog.get_logger("following")


class Followed(Protocol):
    """Something that keeps up with the log."""

    @property
    def position(self) -> int: ...

    async def wait_for(self, position: int, timeout: float) -> bool:
        """Whether it was reached within ``timeout`` seconds."""


class Following(Progress):
    """``progress`` gives the position of each partition, as a sink's does; ``partitions`` is how many there are."""

    def __init__(
        self, progress: Callable[[], Awaitable[Mapping[int, int]]], partitions: int, awaited_s: float = AWAITED_S
    ) -> None:
        self._awaited = asyncio.Event()
        super().__init__(Reached(partitions, self._awaited.set), Outage(log, "progress_unknown", "progress_known"))
        self._progress = progress
        self._awaited_s = awaited_s

    async def _learn(self) -> None:
        while True:
            try:
                self._reached.replace(await self._progress())
                self._outage.ended()
                pause = self._awaited_s if self._reached.waiting else IDLE_S
            except ViewsUnavailable as error:
                self._outage.met(error)
                pause = UNAVAILABLE_S
            except Exception:
                log.exception("following_failed")
                pause = IDLE_S
            if pause == IDLE_S:
                self._awaited.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._awaited.wait()
            else:
                await asyncio.sleep(pause)


class Together:
    """Several stores as one: as far as the last of them."""

    def __init__(self, *followed: Followed) -> None:
        self._followed = followed

    @property
    def position(self) -> int:
        return min(one.position for one in self._followed)

    async def wait_for(self, position: int, timeout: float) -> bool:
        waits = (one.wait_for(position, timeout) for one in self._followed)
        return all(await asyncio.gather(*waits))
