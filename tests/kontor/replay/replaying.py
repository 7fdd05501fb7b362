"""Driving `kontor replay` from tests."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from commands.engine import Engine
from commands.store.sqlite import SQLiteLog
from kontor.folder import DataFolder
from kontor.proving.verifying_views import compare_views
from kontor.replay.command import Wishes, run_replay
from kontor.settings import Settings
from kontor.wiring.embedded import PROJECTIONS
from projections.sqlite import SQLiteViews
from projections.stock.projector import StockRow
from streams.views.follower import Follower
from tests.commands.driving import Clock, do, receive
from tests.kontor.conftest import HOT

GHOST = "stk_shp_x.GHOST"


def replay(folder: DataFolder, name: str, **wishes: Any) -> None:
    run_replay(name, Wishes(**wishes), Settings(data=folder.path), as_json=True)


def steps(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The program's own log lines go elsewhere when it is not a test."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def run(folder: DataFolder, *statements: str) -> list[Any]:
    with closing(sqlite3.connect(folder.views, isolation_level=None)) as connection:
        return [row for statement in statements for row in connection.execute(statement)]


def damage(folder: DataFolder) -> None:
    """Two rows that nothing in the log made so."""
    run(
        folder,
        f"UPDATE stock_v2 SET row = (SELECT row FROM stock_v2 WHERE key <> '{HOT}' LIMIT 1) WHERE key = '{HOT}'",
        f"INSERT INTO stock_v2 SELECT '{GHOST}', position, row, shop, expiring, expiring_order FROM stock_v2 LIMIT 1",
    )


async def good(folder: DataFolder) -> bool:
    """Whether the views are what the log adds up to."""
    found = await compare_views(Settings(data=folder.path), folder.log)
    return not any(one.different for one in found)


def on_hand(folder: DataFolder, key: str = HOT) -> int | None:
    views = SQLiteViews(folder.views, PROJECTIONS)
    try:
        row: StockRow | None = views.rows("stock", (key,)).get(key)
        return None if row is None else row.item.on_hand
    finally:
        views.close()


async def grow(folder: DataFolder, *, follow: bool = True) -> None:
    """Three more units of the hot item come in."""
    log = SQLiteLog.open(folder.log)
    views = SQLiteViews(folder.views, PROJECTIONS)
    engine = Engine(log, clock=Clock())
    await engine.start()
    await do(engine, receive(3, HOT))
    await engine.close()
    if follow:
        await Follower(log, views).catch_up()
    views.close()
    await log.close()
