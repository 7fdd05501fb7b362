"""The event log on a real Postgres server: the contract, and what only a server can suffer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError

from commands.errors import StorageUnavailable, UnusableLog
from commands.store import migrating
from commands.store import postgres as module
from commands.store.postgres import PostgresLog
from commands.store.postgres_queries import OFFERS
from commands.store.wire import ROWS_AT_ONCE
from domain.inventory.inventory import INVENTORY, StockReceived
from tests.commands.driving import STOCK
from tests.contracts.event_log import EventLogContract, append, chained, fold_stock, received, whole
from tests.contracts.shared_log import SharedLogContract

pytestmark = pytest.mark.stack


class TestPostgresLog(EventLogContract):
    @pytest.fixture(autouse=True)
    def server(self, postgres):
        self.url = postgres

    def open(self, folder: Path) -> PostgresLog:
        return PostgresLog.open(self.url)


class TestPostgresLogOfTwo(SharedLogContract):
    pass


@pytest.fixture
async def two_logs(postgres):
    """One log, opened twice, as by two processes."""
    logs = [PostgresLog.open(postgres) for _ in range(2)]
    yield logs
    for log in logs:
        await log.close()


def run(url: str, statement: str, *parameters: Any) -> Any:
    """Behind everybody's back."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), parameters)
        return cursor.fetchall() if cursor.description else None


# several writers


async def test_a_lock_that_never_comes_free_is_reported(postgres, monkeypatch):
    holder = PostgresLog.open(postgres)
    monkeypatch.setattr(module, "LOCK_TIMEOUT_S", 0.05)
    waiter = PostgresLog.open(postgres)
    opened = await holder.begin()
    with pytest.raises(StorageUnavailable, match="lock timeout"):
        await waiter.begin()
    await opened.rollback()
    assert len(await append(waiter, StockReceived(1))) == 1
    await holder.close()
    await waiter.close()


@pytest.mark.parametrize("bad", [0, ROWS_AT_ONCE * 2])
async def test_a_row_that_cannot_be_encoded_takes_those_before_it_along(postgres, bad):
    """Among the first that the server is given, or when it has others already; the connection goes on either way."""
    log = PostgresLog.open(postgres)
    rows = chained(1, STOCK, *received(bad + 1))
    transaction = await log.begin()
    backend = transaction.wire.connection.info.backend_pid
    with pytest.raises(IntegrityError, match="cannot be stored"):
        await transaction.append([*rows[:-1], rows[-1]._replace(stream="stk_\ud800")], [], [])
    await transaction.rollback()
    assert await log.head() == 0
    transaction = await log.begin()
    await transaction.append(rows, [], [])
    await transaction.commit()
    assert transaction.wire.connection.info.backend_pid == backend
    assert await whole(log) == rows
    await log.close()


async def test_whoever_stops_with_the_lock_loses_it(postgres, monkeypatch):
    other = PostgresLog.open(postgres)
    monkeypatch.setattr(module, "IDLE_TIMEOUT_S", 1.0)
    stopped = PostgresLog.open(postgres)
    opened = await stopped.begin()
    assert len(await append(other, StockReceived(1))) == 1
    with pytest.raises(StorageUnavailable):
        await opened.append(chained(1, STOCK, StockReceived(1)), [], [])
    await opened.rollback()
    assert [row.position for row in await append(stopped, StockReceived(2))] == [2]
    await stopped.close()
    await other.close()


# waking others


async def test_another_process_is_woken_by_a_commit(two_logs, monkeypatch):
    monkeypatch.setattr(module, "LOOK_S", 30)
    writer, follower = two_logs
    waiting = asyncio.create_task(follower.changed(0, 30))
    await asyncio.sleep(0.3)
    await append(writer, StockReceived(1))
    assert await asyncio.wait_for(waiting, 5)


async def test_a_lost_notification_is_made_up_for(two_logs, monkeypatch):
    writer, follower = two_logs
    monkeypatch.setattr(writer._wake, "ring", lambda position: None)
    waiting = asyncio.create_task(follower.changed(0, 30))
    await asyncio.sleep(0.1)
    await append(writer, StockReceived(1))
    assert await asyncio.wait_for(waiting, 5)


async def test_names_of_streams_are_found_in_their_order(postgres):
    log = PostgresLog.open(postgres)
    for name in ("stk_shp_b.A", "stk_shp_a.Z", "stk_shp_a.A", "stk_shp_a.M", "stk_shp_aa.A"):
        await append(log, *received(3), stream=name)
    mine, end = "stk_shp_a.", "stk_shp_a/"
    assert await log.streams_between(mine, end, 10) == ["stk_shp_a.A", "stk_shp_a.M", "stk_shp_a.Z"]
    assert await log.streams_between("stk_shp_a.A", end, 1) == ["stk_shp_a.M"]
    assert await log.streams_between(mine, end, 2, backwards=True) == ["stk_shp_a.Z", "stk_shp_a.M"]
    assert await log.streams_between(mine, "stk_shp_a.M", 2, backwards=True) == ["stk_shp_a.A"]
    assert await log.streams_between("stk_shp_c.", "stk_shp_c/", 10) == []
    await log.close()


async def test_the_newest_orders_that_name_a_shop(postgres):
    log = PostgresLog.open(postgres)
    written = [
        ("ord_1", "order.placed@5", "shp_a"),
        ("ord_2", "order.placed@5", "shp_a shp_b"),
        ("ord_2", "order.paid@1", "shp_a"),
    ]
    written += [
        ("ord_3", "order.placed@6", "shp_b"),
        ("ord_4", "order.placed@5", "shp_a"),
        ("stk_shp_a.A", "stock.held@1", "shp_a"),
    ]
    for number, (stream, topic, data) in enumerate(written, 1):
        values = (number, stream, number, topic, b"", data.encode(), b"")
        run(postgres, "INSERT INTO events VALUES (%s, %s, %s, %s, %s, %s, %s)", *values)
    assert await log.placed_with("shp_a", 100, 10) == ["ord_4", "ord_2", "ord_1"]
    assert await log.placed_with("shp_a", 100, 2) == ["ord_4", "ord_2"]
    assert await log.placed_with("shp_a", 3, 10) == ["ord_4"]
    assert await log.placed_with("shp_c", 100, 10) == []
    await log.close()


async def test_offers_of_a_sku_are_found_by_it(postgres):
    log = PostgresLog.open(postgres)
    names = ("off_shp_a.S-1", "off_shp_b.S-1", "off_shp_a.S-1.x", "off_shp_a.x.S-1", "stk_shp_a.S-1", "off_shp_c.s-1")
    for name in names:
        await append(log, *received(2), stream=name)
    assert await log.offers_of("S-1", 10) == ["off_shp_a.S-1", "off_shp_b.S-1"]
    assert await log.offers_of("S-1", 1) == ["off_shp_a.S-1"]
    assert await log.offers_of("x.S-1", 10) == ["off_shp_a.x.S-1"]
    assert await log.offers_of("%", 10) == []
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("SET enable_seqscan = off")
        assert "offers_by_sku" in str(connection.execute(f"EXPLAIN {OFFERS}".encode(), ("S-1", 10)).fetchall())
    await log.close()


# the eventsourcing library


async def test_the_librarys_own_application_opens_the_log(postgres):
    log = PostgresLog.open(postgres)
    await append(log, *received(12))
    known = log.server.parameters

    class Shop(Application[str]):
        name = "shop"

    shop = Shop(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": known["dbname"],
            "POSTGRES_HOST": known["host"],
            "POSTGRES_PORT": known.get("port", "5432"),
            "POSTGRES_USER": known["user"],
            "POSTGRES_PASSWORD": known.get("password", "none"),
            "POSTGRES_SCHEMA": log.datastore.schema,
            "APPLICATION_RECORDER_TOPIC": "commands.store.postgres:PostgresLog",
            "MAPPER_TOPIC": "commands.mapper:EnvelopeMapper",
            "ORIGINATOR_ID_TYPE": "text",
        }
    )
    item = shop.repository.get(STOCK, projector_func=fold_stock)
    assert item == INVENTORY.fold(received(12))
    section = shop.notification_log["1,10"]
    assert [n.id for n in section.items] == list(range(1, 11))
    assert [n.id for n in shop.notification_log["11,20"].items] == [11, 12]
    recorder = shop.recorder
    assert isinstance(recorder, PostgresLog)
    assert len(await append(recorder, StockReceived(1))) == 1
    shop.close()
    await recorder.close()
    await log.close()


# opening


async def test_a_schema_of_a_newer_kontor_is_refused(postgres):
    await PostgresLog.open(postgres).close()
    run(postgres, "INSERT INTO kontor_migrations (part, number, name) VALUES ('log', 99, 'teleportation')")
    with pytest.raises(UnusableLog, match=r"newer Kontor \(schema 99, this one knows \d\); upgrade"):
        PostgresLog.open(postgres)


async def test_somebody_elses_tables_are_left_alone(postgres):
    schema = postgres.rpartition("%3D")[2]
    run(postgres, f"CREATE SCHEMA {schema}")
    run(postgres, "CREATE TABLE events (id int)")
    with pytest.raises(UnusableLog, match="another program"):
        PostgresLog.open(postgres)
    assert run(postgres, "SELECT to_regclass('replies'), to_regclass('kontor_migrations')") == [(None, None)]


async def test_migrations_run_once_and_in_order(postgres, monkeypatch):
    first = migrating.migrations("log")
    number = len(first) + 1
    more = migrating.Migration(number, "notes", "CREATE TABLE notes (note text); INSERT INTO notes VALUES ('once')")
    await PostgresLog.open(postgres).close()
    monkeypatch.setattr(migrating, "migrations", lambda part: [*first, more])
    for _ in range(2):
        await PostgresLog.open(postgres).close()
    assert run(postgres, "SELECT note FROM notes") == [("once",)]
    assert run(postgres, "SELECT number FROM kontor_migrations ORDER BY 1") == [
        (each,) for each in range(1, number + 1)
    ]


async def test_a_migration_that_fails_leaves_nothing(postgres, monkeypatch):
    first = migrating.migrations("log")
    bad = migrating.Migration(len(first) + 1, "bad", "CREATE TABLE half (n int); SELECT 1/0")
    monkeypatch.setattr(migrating, "migrations", lambda part: [*first, bad])
    with pytest.raises(UnusableLog, match="division by zero"):
        PostgresLog.open(postgres)
    assert run(postgres, "SELECT to_regclass('half'), to_regclass('events')") == [(None, None)]


async def test_many_may_make_the_same_log_at_once(postgres):
    opened = await asyncio.gather(*(asyncio.to_thread(PostgresLog.open, postgres) for _ in range(6)))
    for log in opened:
        assert len(await append(log, StockReceived(1))) == 1
        await log.close()


SECRET = "s3cr3t-Pa55"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://app:{SECRET}@127.0.0.1:1/app",
        f"postgresql://app:{SECRET}@no-such-host.invalid/app",
        f"postgresql://app:{SECRET}@127.0.0.1:1/app?shoesize={SECRET}",
        f"mysql://app:{SECRET}@127.0.0.1/app",
        f"app:{SECRET}@127.0.0.1",
    ],
)
def test_what_goes_wrong_is_told_without_the_password(url):
    with pytest.raises(UnusableLog) as refused:
        PostgresLog.open(url)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
