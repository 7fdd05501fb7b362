"""The adapters of the event log, held to its contract; and what only a file can suffer."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import EventStore, JSONTranscoder

from commands.engine import Engine
from commands.errors import StorageUnavailable
from commands.mapper import EnvelopeMapper, recorded
from commands.store import sqlite as module
from commands.store import sqlitefile
from commands.store.memory import MemoryLog
from commands.store.sqlite import SQLiteLog
from domain.inventory import INVENTORY, StockReceived
from domain.recorded import Meta, Recorded
from tests.commands.driving import START, STOCK, Clock, do, receive
from tests.contracts.event_log import EventLogContract, append, chained, fold_stock, received, whole


class TestMemoryLog(EventLogContract):
    def open(self, folder: Path) -> MemoryLog:
        return MemoryLog()


class TestSQLiteLog(EventLogContract):
    def open(self, folder: Path) -> SQLiteLog:
        return SQLiteLog.open(folder / "log.db")


@pytest.fixture
async def two_logs(tmp_path):
    """One file, opened twice, as by two processes."""
    logs = [SQLiteLog.open(tmp_path / "log.db") for _ in range(2)]
    yield logs
    for log in logs:
        await log.close()


async def test_two_logs_on_one_file_take_turns(two_logs):
    first, second = two_logs
    rows = await append(first, StockReceived(1))
    rows += await append(second, StockReceived(2))
    rows += await append(first, StockReceived(3))
    assert await whole(first) == await whole(second) == rows


async def test_an_append_held_open_by_another_process_is_waited_for(two_logs):
    first, second = two_logs
    opened = await first.begin()
    await opened.append(chained(1, STOCK, StockReceived(1)), [], [])
    waiting = asyncio.create_task(append(second, StockReceived(2)))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    assert await whole(second) == []
    await opened.commit()
    assert [row.position for row in await waiting] == [2]
    assert [row.position for row in await whole(second)] == [1, 2]


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


async def test_readers_that_page_miss_nothing_while_two_engines_append(two_logs):
    engines = [Engine(log, clock=Clock()) for log in two_logs]
    for engine in engines:
        await engine.start()
    pages: list[int] = []
    done = asyncio.Event()

    async def read() -> None:
        after = 0
        while True:
            finished = done.is_set()
            rows = await two_logs[0].read(after, 7)
            pages.extend(row.position for row in rows)
            after = pages[-1] if pages else 0
            if finished and not rows:
                return
            await asyncio.sleep(0)

    async def write(engine: Engine) -> None:
        for _ in range(60):
            await do(engine, receive(1))

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(engine) for engine in engines))
    done.set()
    await reading
    assert pages == list(range(1, 121))
    for engine in engines:
        await engine.close()
    assert INVENTORY.fold(recorded(row).event for row in await whole(two_logs[0])).on_hand == 120


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


async def test_the_library_and_an_engine_write_into_one_file(two_logs):
    """The library's inserts take the log's lock too, before they look where the log ends."""
    mine, other = two_logs
    engine = Engine(mine, clock=Clock())
    await engine.start()
    stream = "stk_shp_2.B"

    def put() -> None:
        store, digest = EventStore(EnvelopeMapper(JSONTranscoder()), other), b""
        for version in range(1, 41):
            meta = Meta(START, START, "usr_1", "c", stream, "", "", digest)
            store.put([Recorded(0, stream, version, StockReceived(1), meta, b"")])
            digest = next(iter(store.get(stream, gt=version - 1))).hash

    putting = asyncio.create_task(asyncio.to_thread(put))
    for _ in range(150):
        await do(engine, receive(1))
    await putting
    await do(engine, receive(1, stream))
    await engine.close()
    assert [row.position for row in await whole(mine)] == list(range(1, 192))
    assert (await engine.state(stream)).on_hand == 41


async def test_the_write_ahead_log_stays_small_although_nobody_ever_pauses(tmp_path, monkeypatch):
    """A checkpoint beside a busy writer never catches up with it, and only one that does lets the file begin anew."""
    monkeypatch.setattr(module, "CHECKPOINT_PAGES", 100)
    monkeypatch.setattr(module, "WAL_PAGES_MAX", 500)
    monkeypatch.setattr(module, "RESTART_EVERY_S", 0)
    log = SQLiteLog.open(tmp_path / "log.db")
    engine = Engine(log, clock=Clock())
    await engine.start()
    largest = 0

    async def client(number: int) -> None:
        for _ in range(1_000):
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
    assert largest < 10_000 * 4096, "it grows to 20,000 pages and more when it is never begun anew"
