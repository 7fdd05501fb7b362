"""``day``: purchases over the API with every payment token mixed in, in processes that are killed; see docs/day.md.

Exit 1 when a promise is broken.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from kontor import console
from kontor.bench.report import report
from kontor.day.crashing import Day, Stuck
from kontor.day.evening import Evening, evening
from kontor.day.hour import Hour
from kontor.day.journal import Journal
from kontor.day.morning import morning
from kontor.day.place import embedded_settings
from kontor.day.plan import House, Plan
from kontor.settings import Settings

PURCHASES, SEED = 20_000, 26
CRASH_SHARE = 0.01
EVENTS_MAX, COMMITS_MAX = 12, 6
SHOWN_MAX = 5
KEPT = "kept"


async def run(*options: str) -> dict[str, Any]:
    """``--profile embedded|full``, ``--purchases N``, ``--crashes N`` (a hundredth of them), ``--seed N``, and
    ``--data DIR`` to keep the folder of the embedded profile."""
    parser = ArgumentParser(prog="kontor bench day")
    parser.add_argument("--profile", choices=["embedded", "full"], default="embedded")
    parser.add_argument("--purchases", type=int, default=PURCHASES)
    parser.add_argument("--crashes", type=int)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--data", type=Path)
    chosen = parser.parse_args(options)
    crashes = chosen.crashes if chosen.crashes is not None else int(chosen.purchases * CRASH_SHARE)
    plan = Plan(chosen.purchases, crashes, chosen.seed)
    if chosen.profile == "full":
        if chosen.data is not None:
            parser.error("--data is for the embedded profile; what the full one leaves on the servers is deleted")
        from kontor.bench.day_full import run as run_full

        return await run_full(plan)
    with tempfile.TemporaryDirectory(prefix="kontor-day-") as folder:
        return await spend(plan, Surroundings(embedded_settings(chosen.data or Path(folder) / "data")))


class Surroundings:
    """Who else there is; on the embedded profile nobody."""

    provider: Path | None = None
    """The payment provider's file, where it is not the service's own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def strike(self) -> None:
        """Kills whoever is to die together with a service."""

    def look(self) -> None:
        """Kills and begins whatever is due by now, when they die at times of their own. Raises Stuck."""

    @property
    def troubled(self) -> bool:
        """Whether a service may have ended by itself now, because something that it needs was taken from it."""
        return False

    async def calm(self) -> None:
        """In the evening: all are there again."""

    def figures(self) -> dict[str, Any]:
        return {"profile": self.settings.profile}


async def spend(plan: Plan, around: Surroundings) -> dict[str, Any]:
    """The figures. Raises SystemExit when a promise is broken."""

    def begin(house: House, journal: Journal) -> Day:
        return Day(around.settings, plan, house, journal, around.strike)

    bought = await buy(plan, around, begin, Amount(plan.purchases, "purchases"))
    return kept(report("day", **bought))


class Amount(NamedTuple):
    """What there is to do, and in what it is counted."""

    total: int
    unit: str


def kept(result: dict[str, Any]) -> dict[str, Any]:
    """The same. Raises SystemExit when a promise is broken."""
    if any(said != KEPT for said in result["promises"].values()):
        raise SystemExit(1)
    return result


async def buy(
    plan: Plan, around: Surroundings, begin: Callable[[House, Journal], Day | Hour], amount: Amount
) -> dict[str, Any]:
    """The figures, from the morning to the proof."""
    begun = time.perf_counter()
    settings = around.settings
    house = await morning(settings, plan)
    buying = begin(house, Journal.beside(settings))
    with console.progress("buying", amount.total, amount.unit) as bar:
        # The processes are waited for, so nothing else goes on here.
        try:
            await asyncio.to_thread(buying.pass_by, lambda done: bar(done))
        except Stuck as error:
            console.fail(str(error))
    bought = time.perf_counter() - begun
    await around.calm()
    done = await evening(settings, plan, house, buying, around.provider)
    return dict(
        **around.figures(),
        purchases=len(buying.answered),
        acknowledged=buying.journal.written,
        kills=buying.kills,
        answered=dict(Counter(one.refusal or "order" for one in buying.answered.values())),
        orders=dict(sorted(done.orders.items())),
        **_figures(done),
        buying_seconds=round(bought, 1),
        seconds=round(time.perf_counter() - begun, 1),
        promises={name: _said(broken) for name, broken in done.proof.broken.items()},
    )


def _figures(done: Evening) -> dict[str, Any]:
    return {
        "came_to_rest_in_s": round(done.rest_seconds, 1),
        "completed_by_reconciliation": done.completed,
        "differences_found": done.found,
        "events": done.events,
        "events_of_a_purchase_alone": done.alone_events,
        "target_events": EVENTS_MAX,
        "commits_of_a_purchase_alone": done.alone_commits,
        "target_commits": COMMITS_MAX,
    }


def _said(broken: list[str]) -> Any:
    return KEPT if not broken else {"broken": len(broken), "such as": broken[:SHOWN_MAX]}
