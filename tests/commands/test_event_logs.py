"""The adapters of the event log, held to its contract; and what only a file can suffer."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from eventsourcing.application import Application

from commands.engine import Engine
from commands.errors import StorageUnavailable
from commands.store import checkpointer, sqlitefile
from commands.store.memory import MemoryLog
from commands.store.sqlite import SQLiteLog
from domain.inventory.inventory import INVENTORY, StockReceived
from tests.commands.driving import STOCK, Clock, do, receive
from tests.contracts.event_log import EventLogContract, append, chained, fold_stock, received
from tests.contracts.shared_log import SharedLogContract


class TestMemoryLog(EventLogContract):
    def open(self, folder: Path) -> MemoryLog:
        return MemoryLog()


class TestSQLiteLog(EventLogContract):
    def open(self, folder: Path) -> SQLiteLog:
        return SQLiteLog.open(folder / "log.db")


class TestSQLiteLogOfTwo(SharedLogContract):
    pass


@pytest.fixture
async def two_logs(tmp_path):
    """One file, opened twice, as by two processes."""
    logs = [SQLiteLog.open(tmp_path / "log.db") for _ in range(2)]
    yield logs
    for log in logs:
        await log.close()


async def test_a_lock_that_never_comes_free_is_reported(two_logs, monkeypatch):
    monkeypatch.setattr(sqlitefile, "BUSY_TIMEOUT_S", 0.05)
    first, second = two_logs
    opened = await first.begin()
    with pytest.raises(StorageUnavailable):
        await second.begin()
    await opened.rollback()
    assert len(await append(second, StockReceived(1))) == 1


async def test_a_commit_without_a_transaction_is_no_success(two_logs):
    """SQLite gives up a transaction by itself after some errors; what was in it must not count as written."""
    log, _ = two_logs
    opened = await log.begin()
    await opened.append(chained(1, STOCK, StockReceived(1)), [], [])
    log._writer.rollback()
    with pytest.raises(sqlite3.OperationalError):
        await opened.commit()
    await opened.rollback()
    assert len(await append(log, StockReceived(1))) == 1


async def test_the_librarys_own_application_opens_the_file(tmp_path):
    path = tmp_path / "log.db"
    log = SQLiteLog.open(path)
    await append(log, *received(12))
    await log.close()

    class Shop(Application[str]):
        name = "shop"

    shop = Shop(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(path),
            "APPLICATION_RECORDER_TOPIC": "commands.store.sqlite:SQLiteLog",
            "MAPPER_TOPIC": "commands.mapper:EnvelopeMapper",
            "ORIGINATOR_ID_TYPE": "text",
        }
    )
    item = shop.repository.get(STOCK, projector_func=fold_stock)
    assert item == INVENTORY.fold(received(12))
    section = shop.notification_log["1,10"]
    assert [n.id for n in section.items] == list(range(1, 11))
    assert section.next_id == "11,20"
    assert [n.id for n in shop.notification_log["11,20"].items] == [11, 12]
    assert [n.id for n in shop.notification_log.select(3, 4)] == [3, 4, 5, 6]
    recorder = shop.recorder
    assert isinstance(recorder, SQLiteLog)
    shop.close()
    await recorder.close()


async def test_the_write_ahead_log_stays_small_although_nobody_ever_pauses(tmp_path, monkeypatch):
    """A checkpoint beside a busy writer never catches up with it, and only one that does lets the file begin anew."""
    monkeypatch.setattr(checkpointer, "CHECKPOINT_PAGES", 100)
    monkeypatch.setattr(checkpointer, "WAL_PAGES_MAX", 500)
    monkeypatch.setattr(checkpointer, "RESTART_EVERY_S", 0)
    log = SQLiteLog.open(tmp_path / "log.db")
    engine = Engine(log, clock=Clock())
    await engine.start()
    largest = 0

    async def client(number: int) -> None:
        for _ in range(2_000):
            await do(engine, receive(1, f"stk_shp_1.{number}"))

    async def watch() -> None:
        nonlocal largest
        while True:
            largest = max(largest, (tmp_path / "log.db-wal").stat().st_size)
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(client(number) for number in range(20)))
    watching.cancel()
    await engine.close()
    await log.close()
    assert largest < 20_000 * 4096, "it grows to 40,000 pages and more when it is never begun anew"
