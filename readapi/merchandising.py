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

RULES_MAX = LISTED_MAX
"""The oldest so many count."""
REFRESH_S = 1.0


class Merchandising:
    """``reached`` gives the position that the views show at least, ``now`` seconds from any origin."""

    def __init__(
        self, views: Views, weights: Weights, reached: Callable[[], int], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._views = views
        self._weights = weights
        self._reached = reached
        self._now = now
        self._ranking = Ranking(weights=weights)
        self._due = 0.0
        self._position = -1
        self._reading: asyncio.Task[None] | None = None

    async def ranking(self, position: int = 0) -> Ranking:
        """As of a position that the views have reached, or any recent one. While the views are away, the last known."""
        while self._now() >= self._due or self._position < position:
            if self._reading is None:
                self._reading = asyncio.create_task(self._read())
            await asyncio.shield(self._reading)
        return self._ranking

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """For ``follower.applied``."""
        if touched.get(RULE_ROWS.name):
            self.clear()

    def clear(self) -> None:
        self._due, self._position = 0.0, -1

    async def _read(self) -> None:
        self._due, reached = self._now() + REFRESH_S, self._reached()
        try:
            found = await self._views.listed(RULE_ROWS.name, "all", "", limit=RULES_MAX)
            named = " ".join(f"{entry.key}@{entry.row.version}" for entry in found)
            version = hashlib.blake2b(named.encode(), digest_size=8).hexdigest() if found else ""
            if version != self._ranking.version:
                terms = [entry.row.terms for entry in found]
                self._ranking = await asyncio.to_thread(Ranking, terms, self._weights, version)
        except ViewsUnavailable:
            pass
        finally:
            self._position, self._reading = reached, None
