"""The benchmarks that fold a long log run, and say what they are to say; how fast is not asked here."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.store.sqlite import SQLiteLog
from kontor.bench import replay
from kontor.bench.book.cases import CASES
from kontor.bench.orders import EVENTS_AN_ORDER, lives
from kontor.folder import DataFolder
from kontor.proving.verifying import verify
from kontor.settings import Settings
from kontor.wiring.embedded import PROJECTIONS, embedded
from projections.sqlite import SQLiteViews
from streams.money.bookkeeping import Bookkeeping
from streams.views.follower import Follower
from tests.kontor.replay.replaying import good, run

ORDERS = 50


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


async def test_a_grown_log_is_whole(folder: DataFolder):
    assert await replay.grow(folder, ORDERS) == ORDERS * EVENTS_AN_ORDER == len(list(lives(ORDERS)))
    report = verify(folder.log)
    assert report.events == ORDERS * EVENTS_AN_ORDER
    assert {one.what.partition(" by ")[0] for one in report.problems} == {"oversold"}, "nobody had received the goods"


async def test_a_booked_one_leaves_nothing_to_be_posted(folder: DataFolder):
    head = await replay.grow(folder, ORDERS, booked=True)
    assert head > ORDERS * EVENTS_AN_ORDER
    assert {one.what.partition(" by ")[0] for one in verify(folder.log).problems} == {"oversold"}
    async with embedded(Settings(data=folder.path, reconcile_every=0, archive_after=0)) as services:
        await services.follower.wait_for(head, 10.0)
        books = Bookkeeping(services.log, services.engine)
        await books.begin()
        await books.post()
        assert await services.log.head() == head


async def test_its_views_are_folded_before_anybody_follows(folder: DataFolder):
    head = await replay.grow(folder, ORDERS)
    replay.fold(folder)
    assert await good(folder)
    assert {at for (at,) in run(folder, "SELECT position FROM positions")} == {head}
    log, views = SQLiteLog.open(folder.log), SQLiteViews(folder.views, PROJECTIONS)
    await Follower(log, views).catch_up()
    assert set(views.positions().values()) == {head}
    views.close()
    await log.close()


@pytest.mark.slow
async def test_it_is_measured_in_rounds_for_as_many_events_as_one_likes():
    [small] = [case.small for case in CASES if case.bench == "replay"]
    figures = await replay.run(*small)
    assert (figures["events"], figures["rows"], figures["rounds"]) == (1_100, 400, 2)
    assert figures["spread"].keys() == {"stock_ratio", "orders_ratio"}
    assert 0 < figures["orders_ratio"] < figures["stock_ratio"]
    assert figures["peak_mb"] > 0
