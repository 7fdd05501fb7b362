"""The present, for whoever judges rows of the views by a clock: an instant, and views that show what was committed by
then.

Rows are older than the clock by as long as the views are behind, and whoever takes them for new calls off as expired
what was paid long ago. So clock and head are taken first, the views are waited for, and nobody judges by a later
instant. That rows may show more than there was at that instant does no harm.
"""

from __future__ import annotations

from typing import Protocol

from commands.engine import Engine
from commands.logs.merged import head_of

PATIENCE_S = 1.0
"""How long views are waited for before whoever asked may see to something else."""
LASTS_MS = 200
"""An instant is still the present for so long: under load the views need not hurry for everybody who asks."""


class Keeper(Protocol):
    """What keeps views up with the log."""

    async def wait_for(self, position: int, timeout: float) -> bool:
        """Whether they have reached ``position`` within ``timeout`` seconds."""


class Present:
    def __init__(self, engine: Engine, views: Keeper) -> None:
        self._engine = engine
        self._views = views
        self._at = 0
        self._head = 0
        self._reached = True

    async def instant(self) -> int | None:
        """Milliseconds since 1970; None while the views are behind. Then the same one is waited for until they have
        reached it: views that never get to the end of a growing log would have none.

        Raises StorageUnavailable.
        """
        if self._reached and not 0 <= self._engine.clock() - self._at < LASTS_MS:
            at = self._engine.clock()
            self._head = await head_of(self._engine.log)
            self._at = at
        # Asked of those that had reached it as well: views that are folded anew begin behind it.
        self._reached = await self._views.wait_for(self._head, PATIENCE_S)
        return self._at if self._reached else None
