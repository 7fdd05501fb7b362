"""What searches go by besides their text, kept up with the rules that merchandisers put and withdraw.

The rules are read again when the follower says that one changed, where it does, and else once a second while somebody
searches. Whoever names a position sees the rules as of then.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence

from domain.recorded import Recorded
from projections.rules.projector import RULE_ROWS
from projections.search.ranking import Ranking, Weights
from projections.views import LISTED_MAX, Touched, Views, ViewsUnavailable
from readapi.edge.problems import PositionNotReached
from readapi.services import Store

RULES_MAX = LISTED_MAX
"""The oldest so many count."""
REFRESH_S = 1.0


class Merchandising:
    """``follower`` says how far the views are, ``now`` seconds from any origin."""

    def __init__(
        self, views: Views, weights: Weights, follower: Store, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._views = views
        self._weights = weights
        self._follower = follower
        self._now = now
        self._ranking = Ranking(weights=weights)
        self._due = 0.0
        self._position = -1
        self._reading: asyncio.Task[bool] | None = None

    async def ranking(self, position: int = 0, patience: float = 0.0) -> Ranking:
        """As of a position, or any recent one. While the views are away, or lack rows that they had, the last known.

        Waits ``patience`` seconds at most for the views to reach the position, else raises PositionNotReached.
        """
        follower = self._follower
        if not follower.away and position > follower.position:
            reached = await follower.wait_for(position, patience)
            if not reached and not follower.away:
                raise PositionNotReached(follower.position)
        for _ in range(2):  # the first may have begun before the position was reached
            if follower.away or (self._now() < self._due and self._position >= position):
                break
            if self._reading is None:
                self._reading = asyncio.create_task(self._read())
            if not await asyncio.shield(self._reading):
                break
        return self._ranking

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """For ``follower.applied``."""
        if touched.get(RULE_ROWS.name):
            self.clear()

    def clear(self) -> None:
        self._due, self._position = 0.0, -1

    async def _read(self) -> bool:
        """Whether it could."""
        self._due, reached = self._now() + REFRESH_S, self._follower.position
        try:
            found = await self._views.listed(RULE_ROWS.name, "all", "", limit=RULES_MAX)
            if self._follower.away:
                return False  # rows were lost meanwhile, perhaps before these were read
            named = " ".join(f"{entry.key}@{entry.row.version}" for entry in found)
            version = hashlib.blake2b(named.encode(), digest_size=8).hexdigest() if found else ""
            if version != self._ranking.version:
                terms = [entry.row.terms for entry in found]
                self._ranking = await asyncio.to_thread(Ranking, terms, self._weights, version)
        except ViewsUnavailable:
            return False
        finally:
            self._reading = None
        self._position = reached
        return True
