"""What a query process of the full profile follows in the place of a follower."""

from __future__ import annotations

from collections.abc import Callable

from streams.views.follower import Applied
from streams.views.noticing import Noticing


class Noticed:
    """The views in Redis as a read service follows them. What changes is told by notices, not by events."""

    def __init__(self, noticing: Noticing) -> None:
        self.noticing = noticing
        self.applied: list[Applied] = []
        self.exchanged: list[Callable[[], None]] = []

    @property
    def position(self) -> int:
        return self.noticing.position

    @property
    def away(self) -> bool:
        return self.noticing.away

    async def wait_for(self, position: int, timeout: float) -> bool:
        return await self.noticing.wait_for(position, timeout)
