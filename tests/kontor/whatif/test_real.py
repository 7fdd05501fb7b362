"""The control comes to what happened: through a day of crashes with 64 buyers at a time, and with real orders."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.pricing.promotion import Percent, Terms
from kontor.bench.day import Surroundings, spend
from kontor.day.place import embedded_settings
from kontor.day.plan import Plan
from kontor.pastorders.running import read_story, replay
from kontor.proving.evidence import count_of
from kontor.whatif.report import Report
from kontor.whatif.terms import Changes
from tests.kontor.whatif.conftest import asked

pytestmark = [pytest.mark.usefixtures("garbage_is_collected"), pytest.mark.slow, pytest.mark.timeout(300)]


async def whole(data: Path, changes: Changes) -> Report:
    log = data / "log.db"
    return await asked(log, 0, count_of(log), changes)


async def test_a_day_with_crashes(tmp_path: Path) -> None:
    day = await spend(Plan(150, 2, seed=26), Surroundings(embedded_settings(tmp_path / "data")))
    report = await whole(tmp_path / "data", Changes(hold_ms=3_600_000))
    assert report.unexplained == report.differing == []
    assert report.was == report.control == report.changed
    assert report.was.orders >= day["orders"]["PAID"] > 0
    assert report.was.refused["payment_declined"] > 0


async def test_real_orders(tmp_path: Path, shared_data: Path) -> None:
    """With freight of their own, no tax, cancellations and returns."""
    story = read_story("olist", shared_data / "olist" / "orders.ndjson.gz", 120)
    done = await replay(story, tmp_path / "data")
    assert done.ok
    tenth = {"prm_00000000000000000000000NEW": Terms("A tenth off", Percent(100_000))}
    report = await whole(tmp_path / "data", Changes(promotions=tenth))
    assert (report.unexplained, report.control.not_done) == ([], 0)
    assert report.was.amounts["BRL"].revenue == done.expected.paid
    assert report.changed.orders == report.control.orders == len(report.differing)
    goods = report.control.amounts["BRL"].revenue - report.control.amounts["BRL"].shipping
    assert abs(goods // 10 - report.changed.amounts["BRL"].discount) <= report.changed.orders
