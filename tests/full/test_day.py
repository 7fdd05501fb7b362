"""A small day on the full profile: with each service dies one of the other processes, and every promise is kept."""

from __future__ import annotations

import pytest

from kontor.bench.day import COMMITS_MAX, EVENTS_MAX
from kontor.bench.day_full import OTHERS, run
from kontor.day.plan import LANES, Plan
from kontor.day.proof import PROMISES

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
PURCHASES, CRASHES = 2 * LANES, 6
SEED = 14
"""With it the last kill comes early: answers that are on their way then do not end the day before it."""


async def test_every_promise_is_kept_while_every_process_is_killed(capsys: pytest.CaptureFixture[str]) -> None:
    report = await run(Plan(PURCHASES, CRASHES, SEED))
    assert "payment_failed" not in capsys.readouterr().err
    assert report["promises"] == dict.fromkeys(PROMISES, "kept")
    assert report["kills"] >= CRASHES
    assert set(report["killed_with_it"]) == set(OTHERS)
    assert sum(report["answered"].values()) == PURCHASES
    assert report["orders"]["PAID"] > 0
    assert report["events_of_a_purchase_alone"] <= EVENTS_MAX
    assert report["commits_of_a_purchase_alone"] <= COMMITS_MAX
