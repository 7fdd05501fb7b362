"""A log with a shop's first days in it, to be tampered with."""

from __future__ import annotations

import asyncio
import gc
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from commands.engine import Engine
from commands.mapper import record, recorded
from commands.store.port import EventLog, Row
from commands.store.sqlite import INSERT, SQLiteLog
from commands.store.sqlitereading import SELECT
from domain.decider import Event
from domain.ids import payment_id, stock_id
from domain.inventory.inventory import HoldStock, ReleaseStock
from domain.orders.order import CancelOrder
from domain.payments.payment import RecordDecline, RecordRefund, RequestRefund
from domain.recorded import Meta
from kontor.folder import DataFolder
from kontor.proving.verifying import Report
from kontor.settings import Settings
from kontor.wiring.embedded import PROJECTIONS
from kontor.wiring.logservers import open_log
from projections.sqlite import SQLiteViews
from streams.views.follower import Follower
from tests.commands.driving import (
    SHOP,
    SKU,
    Clock,
    asked_with,
    buy,
    buyer_id,
    context,
    do,
    hold,
    offer,
    place,
    receive,
)
from tests.commands.logs.place import settled

A, B, HOT = (stock_id(SHOP, sku) for sku in ("A", "B", "HOT"))


async def make(path: Path) -> None:
    log = SQLiteLog.open(path)
    await first_days(log)
    await log.close()


async def first_days(log: EventLog) -> None:
    """Of a shop: sales, a backorder, a refusal, a refund, holds that ran out, and a snapshot."""
    clock = Clock()
    engine = Engine(log, clock=clock)
    await engine.start()
    await offer(engine, "A", 6)
    await offer(engine, "B", 1, backorder=True)
    for number in range(3):
        await buy(engine, buyer_id(number), ["A", "B"], backorder=(B,))
    declined = await place(engine, buyer_id(10), ["A"])
    await engine.submit(
        RecordDecline(payment_id(declined), await asked_with(engine, declined), "declined"), context(clock(), declined)
    )
    refunded = await buy(engine, buyer_id(11), ["A"])
    await engine.submit(CancelOrder(refunded, "cancelled"), context(clock(), refunded))
    await engine.submit(RequestRefund(payment_id(refunded), "cancelled"), context(clock(), refunded))
    await do(engine, RecordRefund(payment_id(refunded), await asked_with(engine, refunded)))
    await do(engine, HoldStock(B, "crt_1", 2, clock(), clock() + 1_000, backorder=True))
    await do(engine, ReleaseStock(B, "crt_1", clock(), "removed"))
    late = await place(engine, buyer_id(12), ["A"], 3)
    clock.at += 700_000
    await do(engine, hold("crt_2", 2, A, clock()))
    await engine.submit(CancelOrder(late, "expired"), context(clock(), late))
    for _ in range(205):
        await do(engine, receive(1, HOT))
    await engine.close()


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("good") / "log.db"
    asyncio.run(make(path))
    return path


async def sell(log: EventLog, engine: Any, *skus: str) -> None:
    """Offers of a shop and orders of the first of them; then a last event, after all that these call for."""
    await engine.start()
    for sku in skus:
        await offer(engine, sku, 10)
    for buyer in ("ada", "bob", "cleo"):
        await place(engine, buyer, [skus[0]])
    await settled(engine)
    await do(engine, receive(5))
    await engine.close()
    await log.close()


@pytest.fixture
async def several_servers(four_servers: tuple[str, ...]) -> tuple[str, ...]:
    """Three logs on servers, of a shop with orders, and a last event that no cut has seen."""
    urls = four_servers[:3]
    settings = Settings(profile="full", postgres_url=urls[0], postgres_more_urls=urls[1:])
    await sell(*open_log(settings, Clock()), SKU, "DESK-1", "LAMP-1")
    with psycopg.connect(urls[0], autocommit=True) as connection:
        connection.execute("DELETE FROM order_spans WHERE first = (SELECT max(first) FROM order_spans)")
    return urls


@pytest.fixture
def garbage_is_collected() -> Iterator[None]:
    """A process that serves for months freezes its garbage; one that runs tests must not."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.fixture
def path(good, tmp_path) -> Path:
    return Path(shutil.copy(good, tmp_path / "log.db"))


@pytest.fixture
async def folder(good, tmp_path) -> DataFolder:
    """With a log, and views that have followed it."""
    folder = DataFolder(tmp_path)
    shutil.copy(good, folder.log)
    log, views = SQLiteLog.open(folder.log), SQLiteViews(folder.views, PROJECTIONS)
    await Follower(log, views).catch_up()
    views.close()
    await log.close()
    return folder


@pytest.fixture
def connection(path) -> Iterator[sqlite3.Connection]:
    """For tampering with the log behind everybody's back."""
    opened = sqlite3.connect(path, isolation_level=None)
    yield opened
    opened.close()


def rows_of(connection: sqlite3.Connection) -> list[Row]:
    return [Row._make(row) for row in connection.execute(SELECT + "ORDER BY position")]


def first(report: Report) -> tuple[int | None, str]:
    assert not report.ok
    return report.problems[0].position, report.problems[0].what


def plant(connection: sqlite3.Connection, stream: str, event: Event, at: int = 0) -> int:
    """Appends an event that no rule was asked about, with all its hashes right; its position."""
    rows = rows_of(connection)
    last = next((row for row in reversed(rows) if row.stream == stream), None)
    version, prev = (last.version + 1, last.hash) if last else (1, b"")
    at = at or recorded(rows[-1]).meta.recorded_at
    meta = Meta(at, at, "usr_1", "planted", stream, "", "", prev)
    row = record(len(rows) + 1, stream, version, event, meta)[1]
    connection.execute(INSERT, row)
    return row.position


def first_of(connection: sqlite3.Connection, kind: type) -> Any:
    """The first event of a kind, in its envelope."""
    return next(found for row in rows_of(connection) if isinstance((found := recorded(row)).event, kind))


def find(connection: sqlite3.Connection, kind: type) -> Any:
    """The last event of a kind, in its envelope."""
    return next(found for row in reversed(rows_of(connection)) if isinstance((found := recorded(row)).event, kind))
