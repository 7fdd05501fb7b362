"""Which restrictions hold now, for whoever is about to sell something.

Each rule is asked for its own stream, so what is said of one here is as new as the log. Which rules there are is heard
of at once where they are made, and asked once a second, while somebody buys, for those of other processes. One that
cannot be read may forbid anything: nothing is sold until it can be read (DECISIONS 107).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from commands.engine import Engine
from domain.catalog.rule import LiveRule, NoRule, Restriction, RulePut
from domain.recorded import Recorded
from projections.rules.projector import RULE_ROWS
from projections.views import Views
from readapi.merchandising import RULES_MAX

REFRESH_S = 1.0
EVER_MAX = 10 * RULES_MAX
"""Rules that are asked for, withdrawn ones among them."""

Rules = Callable[[int], Awaitable[Sequence[str]]]
"""The ids of so many rules at most, of any kind; some may have been withdrawn."""


def rules_in_views(views: Views) -> Rules:
    async def rules(limit: int) -> Sequence[str]:
        return [entry.key for entry in await views.listed(RULE_ROWS.name, "all", "", limit=min(limit, RULES_MAX))]

    return rules


class Restrictions:
    """``now`` gives seconds from any origin."""

    def __init__(self, engine: Engine, rules: Rules, now: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._rules = rules
        self._now = now
        self._known: dict[str, None] = {}
        self._others: set[str] = set()
        """Rules of other kinds, which a rule keeps, and withdrawn ones, which stay so."""
        self._due = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def now(self) -> list[Restriction]:
        if self._now() >= self._due:
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask())
            await asyncio.shield(self._asking)
        found = []
        for rule_id in tuple(self._known):
            state = await self._engine.state(rule_id)
            if isinstance(state, LiveRule) and isinstance(state.terms, Restriction):
                found.append(state.terms)
            elif not isinstance(state, NoRule):
                self._known.pop(rule_id, None)
                self._others.add(rule_id)
        return found

    def committed(self, events: Sequence[Recorded]) -> None:
        """For ``Engine.listeners``."""
        for one in events:
            if isinstance(one.event, RulePut) and isinstance(one.event.terms, Restriction):
                self._known[one.stream] = None

    async def _ask(self) -> None:
        try:
            for rule_id in await self._rules(EVER_MAX):
                if rule_id not in self._others:
                    self._known[rule_id] = None
            self._due = self._now() + REFRESH_S
        finally:
            self._asking = None
