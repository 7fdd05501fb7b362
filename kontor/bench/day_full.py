"""``day --profile full``: with the command service dies each time one of the others, and all of them do their work on
real servers."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from kontor.bench.day import Surroundings, spend
from kontor.bench.deployment import Deployment, deployed
from kontor.day.plan import Plan
from kontor.folder import DataFolder

OTHERS = ("gateway", "processes", "relay", "views", "orders", "search")


async def run(plan: Plan) -> dict[str, Any]:
    async with deployed(*OTHERS, reconcile_every=0, rate_limits=False) as deployment:
        return await spend(plan, FullSurroundings(deployment, plan.seed))


class FullSurroundings(Surroundings):
    def __init__(self, deployment: Deployment, seed: int) -> None:
        super().__init__(deployment.settings.model_copy(update={"data": deployment.folder / "evening"}))
        self.provider = DataFolder(deployment.folder / "gateway").provider
        self._deployment = deployment
        self._chance = Random(f"{seed}/others")
        self._struck: Counter[str] = Counter()

    def strike(self) -> None:
        """One after the other in any order, so that each is met; it begins again while the service does."""
        fewest = min(self._struck[name] for name in OTHERS)
        name = self._chance.choice([name for name in OTHERS if self._struck[name] == fewest])
        self._struck[name] += 1
        self._deployment.kill(name)
        self._deployment.begin(name)

    async def calm(self) -> None:
        """Orders are seen through by the evening itself from now on, which wants to know when none is under way."""
        await self._deployment.ready(*OTHERS)
        self._deployment.kill("processes")

    def figures(self) -> dict[str, Any]:
        return {**super().figures(), "killed_with_it": dict(sorted(self._struck.items()))}
