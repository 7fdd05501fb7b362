"""A replay beside a follower and a writer: nothing is lost, nothing is stale."""

from __future__ import annotations

import asyncio

import pytest

from commands.engine import Engine
from commands.store.sqlite import SQLiteLog
from kontor.folder import DataFolder
from kontor.wiring.embedded import PROJECTIONS
from projections.sqlite import SQLiteViews
from projections.stock.projector import StockRow
from streams.views.follower import Follower
from tests.commands.driving import Clock, do, receive
from tests.kontor.conftest import HOT
from tests.kontor.replay.replaying import GHOST, damage, good, replay


async def test_a_follower_notices_at_once(folder: DataFolder):
    log, views = SQLiteLog.open(folder.log), SQLiteViews(folder.views, PROJECTIONS)
    damage(folder)
    follower, heard = Follower(log, views), asyncio.Event()
    follower.exchanged.append(heard.set)
    await follower.start()
    try:
        assert GHOST in views.rows("stock", (GHOST,))
        await asyncio.to_thread(replay, folder, "stock")
        await asyncio.wait_for(heard.wait(), 5)
        assert views.rows("stock", (GHOST, HOT)).keys() == {HOT}
    finally:
        await follower.close()
        views.close()
        await log.close()


async def test_nothing_is_lost_that_is_written_meanwhile(folder: DataFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kontor.replay.rebuilding.NEAR", 5)
    log, views = SQLiteLog.open(folder.log), SQLiteViews(folder.views, PROJECTIONS)
    engine = Engine(log, clock=Clock())
    follower = Follower(log, views, engine)
    await engine.start()
    await follower.start()
    replaying = asyncio.create_task(asyncio.to_thread(replay, folder, "all"))
    received = 0
    try:
        while not replaying.done():
            await do(engine, receive(1, HOT))
            received += 1
            assert await follower.wait_for(engine.position, 5)
            shown: StockRow | None = await views.get("stock", HOT)
            assert shown is not None
            assert shown.item.on_hand == 205 + received
        await replaying
    finally:
        await engine.close()
        await follower.close()
        views.close()
        await log.close()
    assert received > 10
    assert await good(folder)
