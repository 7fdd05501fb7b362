"""The follower beside other processes on one views file, and when the views cannot be written."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from commands.engine import Engine
from commands.mapper import recorded
from commands.store.sqlite import SQLiteLog
from projections.shops.projector import SHOPS
from projections.sqlite import SQLiteViews
from projections.stock.projector import STOCK as STOCK_PROJECTION
from streams.views import follower as module
from streams.views.follower import Follower
from tests.commands.driving import STOCK, Clock, context, do, receive
from tests.waiting import until


@pytest.fixture
async def log(tmp_path):
    opened = SQLiteLog.open(tmp_path / "log.db")
    yield opened
    await opened.close()


@pytest.fixture
async def engine(log):
    started = Engine(log, clock=Clock())
    await started.start()
    yield started
    await started.close()


@pytest.fixture
def views(tmp_path):
    """The same file, as two processes have it open."""
    opened = [SQLiteViews(tmp_path / "views.db", [STOCK_PROJECTION]) for _ in range(2)]
    yield opened
    for one in opened:
        one.close()


async def test_everybody_hears_of_every_event_whoever_folded_it(log, engine, views, monkeypatch):
    """The other process is far ahead: what it folded must still be announced here, or caches here go stale."""
    heard: list[int] = []
    mine = Follower(log, views[0])
    mine.applied.append(lambda events, touched: heard.extend(event.position for event in events))
    monkeypatch.setattr(module, "APPLY_MAX", 3)
    await mine.start()
    for _ in range(5):
        await do(engine, receive(1))
    assert await mine.wait_for(5, 2)

    ahead = Follower(log, views[1])
    blocked = views[0].apply
    views[0].apply = lambda names, events: _after(ahead, names, events, blocked)
    await asyncio.gather(*(engine.submit(receive(1), context()) for _ in range(8)))
    assert await mine.wait_for(13, 5)
    await mine.close()
    assert heard == list(range(1, 14))


async def test_an_event_that_cannot_be_read_is_parked_and_the_follower_goes_on(log, engine, views):
    for stream in (STOCK, "stk_shp_1.OTHER", STOCK):
        await do(engine, receive(1, stream))
    log._writer.execute("UPDATE events SET data = x'c1' WHERE position = 1")
    follower = Follower(log, views[0], engine)
    await follower.start()
    await do(engine, receive(1, "stk_shp_1.OTHER"))
    assert await follower.wait_for(4, 5)
    await follower.close()
    assert {key: kept.row.item.on_hand for key, kept in views[0].walk("stock")} == {"stk_shp_1.OTHER": 2}
    parked = views[0].parked()
    assert [(position, stream) for _, position, stream, _ in parked] == [(1, STOCK), (3, STOCK)]
    assert "DecodeError" in parked[0][3]


async def test_while_nothing_is_committed_it_asks_no_more_than_how_far_the_log_is(log, engine, views, monkeypatch):
    follower = Follower(log, views[0], engine)
    await follower.start()
    await do(engine, receive(1))
    assert await follower.wait_for(1, 5)
    looks, read = [], []
    head, rows = log.head, log.read
    monkeypatch.setattr(log, "head", lambda: looks.append(1) or head())
    monkeypatch.setattr(log, "read", lambda *page: read.append(page) or rows(*page))
    await until(lambda: len(looks) >= 3)
    assert read == []
    await follower.close()


def _after(ahead: Follower, names, events, apply):
    """Applies once the other process has folded everything there is."""
    views, log = ahead._views, ahead._log
    at = min(views.positions().values())
    if rows := log.read_now(at, 1_000):
        views.apply(names, [recorded(row) for row in rows])
    return apply(names, events)


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), ValueError("planted")])
async def test_the_follower_survives_views_that_cannot_be_written(log, engine, views, monkeypatch, error):
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    follower = Follower(log, views[0], engine)
    await follower.start()
    apply, failures = views[0].apply, [error, error]

    def failing(names, events):
        if failures:
            raise failures.pop()
        return apply(names, events)

    views[0].apply = failing
    await do(engine, receive(7))
    assert await follower.wait_for(1, 5)
    assert (await views[0].get("stock", STOCK)).item.on_hand == 7
    await follower.close()


async def test_closing_does_not_wait_for_views_that_stay_broken(log, engine, views, monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    follower = Follower(log, views[0], engine)
    await follower.start()

    def failing(names, events):
        raise sqlite3.OperationalError("disk I/O error")

    views[0].apply = failing
    await do(engine, receive(7))
    await asyncio.wait_for(follower.close(), 2)


async def test_it_pauses_in_proportion_to_the_last_fold_unless_somebody_waits(log, engine, views, monkeypatch):
    monkeypatch.setattr(module, "PAUSE_MAX_S", 20.0)
    seconds = iter(range(0, 1_000, 3))  # each fold takes three
    follower = Follower(log, views[0], engine, timer=lambda: next(seconds))
    await follower.start()
    await do(engine, receive(1))
    assert await follower.wait_for(1, 5)  # and nobody waits any more
    await do(engine, receive(1))
    await asyncio.sleep(0.1)
    assert follower.position == 1
    assert await follower.wait_for(2, 5)
    await follower.close()


async def test_views_of_a_longer_log_are_folded_anew(log, engine, views):
    """As after an older backup of the log was put back: what the views know beyond it never happened."""
    await do(engine, receive(3))
    views[0]._writer.execute("UPDATE positions SET position = 99")
    follower = Follower(log, views[0], engine)
    await follower.start()
    assert follower.position == 1
    assert (await views[0].get("stock", STOCK)).item.on_hand == 3
    await follower.close()


async def test_a_follower_far_behind_reads_from_the_log_and_keeps_no_backlog(log, engine, views, monkeypatch):
    """Memory is bounded by what is about to be folded, however fast the engine writes."""
    monkeypatch.setattr(module, "BACKLOG_MAX", 10)
    follower = Follower(log, views[0], engine)
    engine.listeners.append(follower.publish)  # as after its start, but it does not come to fold anything
    for _ in range(50):
        await do(engine, receive(1))
    assert sum(len(events) for events in follower._arrived) <= 11
    engine.listeners.clear()
    await follower.start()
    assert await follower.wait_for(50, 5)
    assert (await views[0].get("stock", STOCK)).item.on_hand == 50
    await follower.close()


async def test_a_projection_that_was_sent_back_catches_up_while_others_go_on(tmp_path, log, engine):
    both = [SQLiteViews(tmp_path / "both.db", [STOCK_PROJECTION, SHOPS]) for _ in range(2)]
    follower = Follower(log, both[0], engine)
    await follower.start()
    for _ in range(3):
        await do(engine, receive(1))
    assert await follower.wait_for(3, 5)
    both[1].begin_again("stock")
    await do(engine, receive(1))
    assert await follower.wait_for(4, 5)
    assert both[0].positions() == {"stock": 4, "shops": 4}
    assert (await both[0].get("stock", STOCK)).item.on_hand == 4
    await follower.close()
    for views in both:
        views.close()
