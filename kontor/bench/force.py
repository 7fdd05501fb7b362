"""``force``: purchases while the service is killed with SIGKILL at random instants, for an hour; see docs/day.md.

Exit 1 when a promise is broken.
"""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from kontor.bench.day import Amount, Surroundings, buy, kept
from kontor.bench.report import report
from kontor.day.hour import Hour
from kontor.day.journal import Journal
from kontor.day.place import embedded_settings
from kontor.day.plan import House, Plan

SECONDS, SEED = 3_600, 7
PURCHASES_PER_S = {"embedded": 100, "full": 8}
"""About as many as there will be: of what is hot there is half of what they want."""


async def run(*options: str) -> dict[str, Any]:
    """``--seconds N``, ``--seed N``, ``--profile embedded|full``; ``--data DIR`` to keep the folder of the embedded
    profile, ``--servers DIR`` for the folder of ``stack/``, to kill the servers as well."""
    parser = ArgumentParser(prog="kontor bench force")
    parser.add_argument("--profile", choices=list(PURCHASES_PER_S), default="embedded")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--servers", type=Path)
    chosen = parser.parse_args(options)
    plan = Plan(max(1, chosen.seconds * PURCHASES_PER_S[chosen.profile]), 0, chosen.seed)
    if chosen.profile == "full":
        if chosen.data is not None:
            parser.error("--data is for the embedded profile; what the full one leaves on the servers is deleted")
        from kontor.bench.force_full import run as run_full

        return await run_full(plan, chosen.seconds, chosen.servers)
    if chosen.servers is not None:
        parser.error("--servers is for --profile full; the embedded one has none")
    with tempfile.TemporaryDirectory(prefix="kontor-force-") as folder:
        settings = embedded_settings(chosen.data or Path(folder) / "data")
        return await endure(plan, Surroundings(settings), chosen.seconds)


async def endure(plan: Plan, around: Surroundings, seconds: float) -> dict[str, Any]:
    """The figures. Raises SystemExit when a promise is broken."""

    def begin(house: House, journal: Journal) -> Hour:
        return Hour(around.settings, plan, house, journal, around, seconds)

    return kept(report("force", **await buy(plan, around, begin, Amount(int(seconds), "seconds"))))
