"""`kontor replay` in the full profile: generations in Cassandra beside the live ones, on a real server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import pytest

from commands.engine import Engine
from commands.mapper import recorded
from commands.store.postgres import PostgresLog
from domain.recorded import Recorded
from kontor.replay.command import Wishes, run_replay
from kontor.settings import Settings
from projections.cassandraviews.generation import CassandraGeneration
from projections.cassandraviews.reader import CassandraViews
from projections.cassandraviews.sink import CassandraSink
from projections.orders.projector import ORDERS
from projections.sink import RowsLost
from projections.views import Views
from streams.broker.messages import partition_of
from tests.cassandra import asking, keyspace
from tests.commands.driving import Clock, buy, buyer_id, do, receive
from tests.kontor.conftest import A, first_days
from tests.kontor.replay.replaying import steps

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
PARTITIONS = 4
BUYER = f"usr_{buyer_id(0)}"


class House:
    """A log, and a worker's and a reader's views in Cassandra."""

    def __init__(self, settings: Settings, log: PostgresLog, sink: CassandraSink, views: CassandraViews) -> None:
        self.settings = settings
        self.log = log
        self.sink = sink
        self.views = views

    async def follow(self) -> None:
        """As a worker does, from where its sink is."""
        progress = await self.sink.progress()
        events = [recorded(row) for row in await self.log.read(0, 10_000)]
        for partition in range(PARTITIONS):
            mine = [one for one in events if partition_of(one.stream, PARTITIONS) == partition]
            while True:
                later: Sequence[Recorded] = [one for one in mine if one.position > progress.get(partition, 0)]
                try:
                    await self.sink.write(partition, events[-1].position, later)
                    break
                except RowsLost:
                    progress = await self.sink.progress()

    async def sell(self) -> None:
        engine = Engine(self.log, clock=Clock())
        await engine.start()
        await do(engine, receive(5, A))
        await buy(engine, buyer_id(0), ["A"])
        await engine.close()

    async def replay(self, name: str, **wishes: Any) -> None:
        await asyncio.to_thread(run_replay, name, Wishes(**wishes), self.settings, True)

    def execute(self, query: str) -> list[Any]:
        with asking(self.sink.connection.settings.hosts) as session:
            return list(session.execute(query.format(self.settings.namespace)))

    async def orders(self) -> list[str]:
        await self.views.progress()
        return [entry.key for entry in await self.views.listed("orders", "account", BUYER, limit=50)]


@pytest.fixture
async def house(postgres: str, tmp_path: Any) -> AsyncIterator[House]:
    with keyspace("test_replay") as place:
        at = ",".join(f"{host}:{port}" for host, port in place.hosts)
        settings = Settings(
            profile="full", data=tmp_path, postgres_url=postgres, cassandra=at, namespace=place.keyspace
        )
        log = PostgresLog.open(postgres)
        sink, views = CassandraSink(place, [ORDERS]), CassandraViews(place, [ORDERS])
        for one in (sink, views):
            await one.start()
            assert await one.connection.wait(60)
        house = House(settings, log, sink, views)
        await first_days(log)
        await house.follow()
        yield house
        await sink.close()
        await views.close()
        await log.close()


async def test_folded_compared_swapped_and_gone_back_to(house: House, capsys: pytest.CaptureFixture[str]):
    """Who has been reading and writing needs no restart."""
    orders = await house.orders()
    assert len(orders) == 1
    await house.replay("orders", verify=True)
    compared = [one for one in steps(capsys) if one["step"] == "compare"]
    assert all(one["live"] == one["new"] and one["different"] == 0 for one in compared)
    assert {one["what"]: one["live"]["count"] for one in compared}["orders"] > 5
    assert await house.orders() == orders
    await house.sell()
    await house.follow()
    orders = await house.orders()
    assert len(orders) == 2

    version = ORDERS.version
    house.execute(f"DELETE FROM {{}}.orders_v{version}_g1 USING TIMESTAMP 1000000 WHERE key = '{orders[0]}'")
    assert await house.orders() == orders[1:]
    await house.replay("orders")
    (comparison,) = [one for one in steps(capsys) if one["step"] == "compare" and one["what"] == "orders"]
    assert comparison["differences"] == [f"{orders[0]} is new"]
    assert await house.orders() == orders
    await house.sell()
    await house.follow()
    assert len(await house.orders()) == 3

    await house.replay("orders", rollback=True)  # to rows of which one is missing
    assert await house.orders() == [order for order in (await house.orders()) if order != orders[0]]
    assert len(await house.orders()) == 2
    await house.replay("orders", rollback=True)
    await house.replay("orders", verify=True)
    assert len(await house.orders()) == 3
    tables = house.execute("SELECT table_name FROM system_schema.tables WHERE keyspace_name = '{}'")
    assert {match[1] for (name,) in tables if (match := re.search(r"_g(\d+)", name))} == {"2", "3"}


async def test_every_partition_of_a_round_hears_of_the_swap(house: House):
    """And nothing of the round is written, until each has asked how far it is."""
    orders = await house.orders()
    await house.replay("orders", verify=True)
    await house.sell()
    events = [recorded(row) for row in await house.log.read(0, 10_000)]

    async def write(partition: int) -> Any:
        mine = [one for one in events if partition_of(one.stream, PARTITIONS) == partition]
        return await house.sink.write(partition, events[-1].position, mine)

    errors = await asyncio.gather(*map(write, range(PARTITIONS)), return_exceptions=True)
    assert [type(error) for error in errors] == [RowsLost] * PARTITIONS
    assert await house.orders() == orders
    assert set(await house.sink.progress()) == set(range(PARTITIONS))
    await asyncio.gather(*map(write, range(PARTITIONS)))
    assert len(await house.orders()) == 2
    assert await house.sink.progress() == dict.fromkeys(range(PARTITIONS), events[-1].position)


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process ends where it would send those requests."""
    numbers = count(1)

    def send(generation: CassandraGeneration, queries: Any) -> None:
        if next(numbers) == number:
            raise Killed
        sent(generation, queries)

    sent = CassandraGeneration._send
    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(CassandraGeneration, "_send", send)
        yield


@pytest.mark.slow
async def test_killed_anywhere_it_goes_on(house: House, monkeypatch: pytest.MonkeyPatch):
    """Rows and lists are what they would have been, and lists know no place where no row is."""
    monkeypatch.setattr("projections.cassandraviews.generation.CassandraGeneration.page", 25)
    monkeypatch.setattr("projections.heldrows.CHANGED_MAX", 1)
    for number in (3, 8, 15, 22, 30, 37):
        with killed_at(number, monkeypatch):
            await house.replay("orders", dry_run=True, from_scratch=number == 3)
    await house.replay("orders", verify=True)
    before = await counted(house.sink)
    assert before == await counted(house.views)
    await house.replay("orders", from_scratch=True, verify=True)
    await house.views.progress()
    assert before == await counted(house.views)


async def counted(views: Views) -> dict[str, dict[str, int]]:
    return {index: await views.counts("orders", index) for index in ORDERS.tables[0].indexes}


async def test_a_reader_turns_only_to_what_is_as_far_as_it_has_seen(house: House):
    """A worker that had not heard yet has written once more to the other; what was promised by that stays true."""
    orders = await house.orders()
    await house.sell()
    await house.follow()
    assert len(await house.orders()) == 2
    name = f"orders@{ORDERS.version}"
    house.execute(f"UPDATE {{}}.generations SET live = 7 WHERE shard = 0 AND name = '{name}'")  # of which nobody wrote
    assert len(await house.orders()) == 2
    await house.follow()
    assert set(await house.orders()) > set(orders)
    assert await house.sink.progress() == await house.views.progress()
    marks = house.execute("SELECT upto FROM {}.marks WHERE one = 0")
    assert [f"{name}~7" in upto for (upto,) in marks] == [True] * PARTITIONS
