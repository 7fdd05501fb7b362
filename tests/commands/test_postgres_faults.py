"""The engine on Postgres when connections break, answers get lost, and the server is killed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from commands import engine as module
from commands.engine import Engine
from commands.errors import StorageUnavailable
from commands.mapper import recorded
from commands.store.postgres import PostgresLog
from domain.inventory.inventory import INVENTORY
from tests.commands.backends import end_connections
from tests.commands.cluster import Cluster
from tests.commands.conftest import rows_of, settle
from tests.commands.disks import SmallDisks, kinds
from tests.commands.driving import STOCK, context, do, receive, request
from tests.commands.proxy import Proxy
from tests.contracts.event_log import append, chained, received, whole
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.01)


async def test_connections_that_broke_while_idle_are_not_noticed(postgres):
    log = PostgresLog.open(postgres)
    rows = await append(log, *received(2))
    assert await end_connections(postgres) >= 2
    rows += await append(log, *received(1))
    assert await end_connections(postgres) >= 2
    assert await whole(log) == rows
    await log.close()


async def test_a_listener_that_broke_listens_again(postgres):
    log = PostgresLog.open(postgres)
    assert not await log.changed(0, 0.2)
    await end_connections(postgres)
    waiting = asyncio.create_task(log.changed(0, 30))
    other = PostgresLog.open(postgres)
    await append(other, *received(1))
    assert await asyncio.wait_for(waiting, 5)
    await log.close()
    await other.close()


async def test_a_connection_that_breaks_with_the_lock_gives_it_up(postgres):
    log, other = PostgresLog.open(postgres), PostgresLog.open(postgres)
    opened = await log.begin()
    await end_connections(postgres, "idle in transaction")
    with pytest.raises(StorageUnavailable):
        await opened.append(chained(1, STOCK, *received(1)), [], [])
    assert len(await append(other, *received(1))) == 1
    await opened.rollback()
    assert [row.position for row in await append(log, *received(1))] == [2]
    await log.close()
    await other.close()


@pytest.fixture
async def proxied(postgres):
    """An engine whose connections lead through something unreliable."""
    proxy = Proxy(postgres)
    log = await asyncio.to_thread(PostgresLog.open, await proxy.start())
    engine = Engine(log)
    await engine.start()
    yield proxy, log, engine
    await engine.close()
    await log.close()
    await proxy.close()


async def test_a_commit_whose_answer_is_lost_is_a_success_exactly_once(proxied):
    proxy, log, engine = proxied
    for number in range(5):
        proxy.lose_commit = True
        outcome, keyed = await settle(
            engine.submit(receive(1), context()),
            engine.submit(receive(1), context(), request=request(f"k{number}")),
        )
        assert (outcome.version, keyed.version) == (2 * number + 1, 2 * number + 2)
    assert proxy.lost == 5
    assert len(await rows_of(log)) == 10
    assert (await do(engine, receive(1), request=request("k0"))).replayed.body == b"version 2"


@pytest.mark.parametrize("after_s", [0.0, 0.0005, 0.002])
async def test_a_backend_ended_around_the_commit(postgres, after_s):
    """Whenever it happens: what was answered is there, what was refused is not."""
    log = PostgresLog.open(postgres)
    engine = Engine(log)
    await engine.start()
    results: Counter[type] = Counter()
    ended = 0
    for _ in range(15):
        pending = [engine.submit(receive(1), context()) for _ in range(40)]
        await asyncio.sleep(after_s * random.random())
        ended += await end_connections(postgres, random.choice(["active", "idle in transaction"]))
        results.update(type(result) for result in await settle(*pending))
    assert set(results) <= {type(await do(engine, receive(1))), StorageUnavailable}
    rows = await rows_of(log)
    assert len(rows) == sum(results.values()) - results[StorageUnavailable] + 1
    assert [row.version for row in rows] == list(range(1, len(rows) + 1))
    await engine.close()
    await log.close()


# the whole server


@pytest.fixture
def cluster():
    made = Cluster()
    made.start()
    yield made
    made.remove()


class Journal:
    """What clients were told, while they go on asking until the end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.ended = False
        self.acknowledged: list[tuple[str, int]] = []
        self.refused = 0

    async def client(self, name: str) -> None:
        stream = f"stk_shp_1.{name}"
        while not self.ended:
            try:
                outcome: Any = await do(self._engine, receive(1, stream))
                self.acknowledged.append((stream, outcome.version))
            except StorageUnavailable:
                self.refused += 1
                await asyncio.sleep(0.02)


@pytest.mark.crash
@pytest.mark.timeout(180)
async def test_a_server_killed_under_load_loses_nothing_that_was_acknowledged(cluster):
    log = PostgresLog.open(cluster.url)
    engine = Engine(log)
    await engine.start()
    journal = Journal(engine)
    clients = [asyncio.create_task(journal.client(str(number))) for number in range(30)]
    for _ in range(3):
        before = len(journal.acknowledged)
        while len(journal.acknowledged) < before + 300:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.to_thread(cluster.kill)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(cluster.start)
    before = len(journal.acknowledged)
    while len(journal.acknowledged) < before + 300:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    journal.ended = True
    await asyncio.gather(*clients)
    rows = await rows_of(log)
    assert journal.refused
    assert len(set(journal.acknowledged)) == len(journal.acknowledged)
    assert {(row.stream, row.version) for row in rows} == set(journal.acknowledged), "written once, or refused"
    for number in range(30):
        stream = f"stk_shp_1.{number}"
        mine = [row for row in rows if row.stream == stream]
        assert INVENTORY.fold(recorded(row).event for row in mine).on_hand == len(mine)
    await engine.close()
    await log.close()


# its disks


@pytest.fixture(params=kinds())
def small(request):
    made = SmallDisks(request.param)
    made.start()
    yield made
    made.remove()


@pytest.mark.crash
@pytest.mark.timeout(180)
async def test_a_full_disk_refuses_what_it_cannot_hold_and_loses_nothing(small):
    """That of the tables. A write-ahead log that cannot grow takes the whole server down, which is another matter."""
    log = PostgresLog.open(small.url)
    engine = Engine(log)
    await engine.start()
    journal = Journal(engine)
    clients = [asyncio.create_task(journal.client(f"{number}-{'x' * 200}")) for number in range(30)]

    await until(lambda: len(journal.acknowledged) > 300)
    await asyncio.to_thread(small.fill, "tables")
    await until(lambda: journal.refused > 30)
    promised = len(journal.acknowledged)
    await asyncio.to_thread(small.free, "tables")
    await until(lambda: len(journal.acknowledged) > promised + 300)
    journal.ended = True
    await asyncio.gather(*clients)
    rows = await rows_of(log)
    assert {(row.stream, row.version) for row in rows} == set(journal.acknowledged), "written once, or refused"
    await engine.close()
    await log.close()
