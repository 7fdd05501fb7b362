"""`kontor replay` in the full profile: generations in Redis beside the live ones, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import count
from typing import Any

import pytest
import redis as plain

from commands.engine import Engine
from commands.mapper import recorded
from commands.store.postgres import PostgresLog
from domain.recorded import Recorded
from kontor.replay.command import Wishes, run_replay
from kontor.replay.rebuilding import Rebuilding
from kontor.replay.servers import servers
from kontor.replay.telling import Telling
from kontor.settings import Settings
from kontor.wiring.stores import IN_REDIS
from projections.redisviews.generation import RedisGeneration
from projections.redisviews.reader import RedisViews
from projections.redisviews.server import RedisServer
from projections.redisviews.sink import RedisSink
from projections.sink import RowsLost
from streams.broker.messages import partition_of
from tests.commands.driving import Clock, do, receive
from tests.kontor.conftest import HOT, first_days
from tests.kontor.replay.replaying import steps

pytestmark = pytest.mark.stack
PARTITIONS = 4


class House:
    """A log, and a worker's and a reader's views in Redis."""

    def __init__(self, settings: Settings, log: PostgresLog, server: RedisServer) -> None:
        self.settings = settings
        self.log = log
        self.sink = RedisSink(server, IN_REDIS, settings.namespace, {"stock": ()})
        self.views = RedisViews(server, IN_REDIS, settings.namespace)
        self.server = server

    async def follow(self, sink: RedisSink | None = None) -> None:
        """As a worker does, from where its sink is."""
        sink = sink or self.sink
        progress = await sink.progress()
        events = [recorded(row) for row in await self.log.read(0, 10_000)]
        for partition in range(PARTITIONS):
            mine = [one for one in events if partition_of(one.stream, PARTITIONS) == partition]
            while True:
                later: Sequence[Recorded] = [one for one in mine if one.position > progress.get(partition, 0)]
                try:
                    await sink.write(partition, events[-1].position, later)
                    break
                except RowsLost:
                    progress = await sink.progress()

    async def receive(self, units: int) -> None:
        engine = Engine(self.log, clock=Clock())
        await engine.start()
        await do(engine, receive(units, HOT))
        await engine.close()

    async def on_hand(self) -> int | None:
        row = await self.views.get("stock", HOT)
        return None if row is None else int(row.item.on_hand)

    async def replay(self, name: str, **wishes: Any) -> None:
        await asyncio.to_thread(run_replay, name, Wishes(**wishes), self.settings, True)

    async def replay_all(self) -> None:
        """Nothing is swapped that differs."""
        await asyncio.to_thread(self._replay_all)

    def _replay_all(self) -> None:
        with servers(self.settings, IN_REDIS) as place:
            Rebuilding(place, Telling(as_json=True)).replay(IN_REDIS, from_scratch=False, verify=True)

    def damage(self) -> None:
        """A row that nothing in the log made so."""
        with plain.Redis.from_url(str(self.settings.redis_url)) as client:
            name = f"{self.views.names.tables['stock'].rows}{HOT}"
            (other,) = [key for key in client.keys(f"{self.views.names.tables['stock'].rows}*.B")]
            position, row = client.get(name)[:8], client.get(other)[8:]
            client.set(name, position + row)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[House]:
    log, server = PostgresLog.open(str(settings.postgres_url)), RedisServer(str(settings.redis_url))
    try:
        yield House(settings, log, server)
    finally:
        await log.close()
        await server.close()


@pytest.fixture
async def house(postgres: str, redis_url: str, redis_prefix: str, tmp_path: Any) -> AsyncIterator[House]:
    settings = Settings(
        profile="full",
        data=tmp_path,
        postgres_url=postgres,
        redis_url=redis_url,
        namespace=redis_prefix.replace("-", "_"),
    )
    async with opened(settings) as house:
        await first_days(house.log)
        await house.follow()
        yield house
    with plain.Redis.from_url(redis_url) as client:
        for key in client.scan_iter(match=f"{settings.namespace}*", count=1000):
            client.unlink(key)


async def test_what_is_replayed_is_what_was_live(house: House, capsys: pytest.CaptureFixture[str]):
    await house.replay_all()
    lines = steps(capsys)
    compared = [one for one in lines if one["step"] == "compare"]
    assert len([one for one in lines if one["step"] == "swap"]) == len(IN_REDIS)
    assert sum(one["live"]["count"] for one in compared) > 10
    assert any(one["what"] == "lists of stock" and one["live"]["count"] for one in compared)
    assert all(one["live"] == one["new"] and one["different"] == 0 for one in compared)
    assert await house.on_hand() == 205


async def test_wrong_rows_are_told_and_replaced_for_everybody_at_once(house: House, capsys: pytest.CaptureFixture[str]):
    """Who has been reading and writing needs no restart, and sees no row of the other generation."""
    house.damage()
    wrong = await house.on_hand()
    await house.replay("stock")
    (stock,) = [one for one in steps(capsys) if one["step"] == "compare" and one["what"] == "stock"]
    assert stock["differences"] == [f"{HOT} is another row"]
    assert await house.on_hand() == 205 != wrong
    await house.receive(3)
    await house.follow()
    assert await house.on_hand() == 208


async def test_a_round_is_written_to_what_has_gone_live(house: House):
    """All partitions at once, by a worker that has not heard of it."""
    house.damage()
    wrong = await house.on_hand()
    progress = await house.sink.progress()
    await house.receive(3)
    await house.replay("stock")
    await house.receive(4)
    events = [recorded(row) for row in await house.log.read(0, 10_000)]

    async def write(partition: int) -> None:
        mine = [one for one in events if partition_of(one.stream, PARTITIONS) == partition]
        later = [one for one in mine if one.position > progress[partition]]
        await house.sink.write(partition, events[-1].position, later)

    await asyncio.gather(*map(write, range(PARTITIONS)))
    assert await house.on_hand() == 212 != wrong
    assert await house.sink.progress() == dict.fromkeys(range(PARTITIONS), events[-1].position)


async def test_verified_replays_and_dry_runs_swap_nothing(house: House, capsys: pytest.CaptureFixture[str]):
    house.damage()
    wrong = await house.on_hand()
    await house.replay("stock", dry_run=True)
    with pytest.raises(SystemExit) as ended:
        await house.replay("stock", verify=True)
    assert ended.value.code == 1
    assert "nothing was swapped" in capsys.readouterr().err
    assert await house.on_hand() == wrong
    await house.replay("stock")  # goes on with what is there
    assert steps(capsys)[0]["position"] > 0
    assert await house.on_hand() == 205


async def test_going_back_brings_the_old_rows_up_to_date(house: House, capsys: pytest.CaptureFixture[str]):
    house.damage()
    wrong = await house.on_hand()
    assert wrong is not None
    await house.replay("stock")
    await house.receive(3)
    await house.follow()
    await house.replay("stock", rollback=True)
    assert await house.on_hand() == wrong + 3
    await house.replay("stock", rollback=True)  # and forth again
    assert await house.on_hand() == 208
    await house.replay("stock", verify=True)
    with pytest.raises(SystemExit):
        await house.replay("shops", rollback=True)
    assert "nothing is kept to go back to of shops" in capsys.readouterr().err


async def test_only_the_live_one_and_the_kept_one_stay(house: House):
    for _ in range(3):
        await house.replay("stock")
    base = f"{house.settings.namespace}:stock@"
    with plain.Redis.from_url(str(house.settings.redis_url)) as client:
        found = {key.decode().removeprefix(base).split(":")[0].split("/")[0] for key in client.keys(f"{base}*")}
    version = min(found).split("~")[0]
    assert found == {f"{version}~2", f"{version}~3"}


async def test_events_of_before_the_swap_are_folded_once(house: House):
    """A worker that was behind hands over what the new generation has already, lists and counts included."""
    server = RedisServer(str(house.settings.redis_url))
    late = RedisSink(server, IN_REDIS, house.settings.namespace)
    try:
        await house.receive(4)
        await late.progress()
        await house.replay_all()
        assert await house.on_hand() == 209
        await house.follow(late)
        assert await house.on_hand() == 209
        await house.replay_all()
    finally:
        await server.close()


async def test_nothing_goes_live_behind_what_was_live(house: House):
    """Somebody is ahead of the log that is replayed: it is another one."""
    await house.sink.write(0, 1_000_000, [])
    with pytest.raises(SystemExit):
        await house.replay("stock")
    assert (await house.views.progress())[0] == 1_000_000


async def test_a_store_that_was_flushed_meanwhile_is_begun_anew(house: House):
    house.damage()
    with pytest.raises(SystemExit):
        await house.replay("stock", verify=True)
    with plain.Redis.from_url(str(house.settings.redis_url)) as client:
        client.unlink(*client.keys(f"{house.settings.namespace}*"))
    await house.replay("stock")
    await house.follow()
    assert await house.on_hand() == 205


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, requests and memory so small that everything happens on a short log."""
    monkeypatch.setattr("projections.redisviews.generation.RedisGeneration.page", 30)
    monkeypatch.setattr("projections.redisviews.generation.RedisGeneration.portion", 7)
    monkeypatch.setattr("projections.heldrows.CHANGED_MAX", 1)
    monkeypatch.setattr("projections.redisviews.generation.ROWS", 2)
    monkeypatch.setattr("kontor.replay.compared.ROWS", 2)


@contextmanager
def killed_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process ends where it would send that request."""
    numbers = count(1)

    def put(generation: RedisGeneration, *rows: Any) -> None:
        if next(numbers) == number:
            raise Killed
        send(generation, *rows)

    send = RedisGeneration._put
    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(RedisGeneration, "_put", put)
        yield


@pytest.mark.slow
async def test_killed_anywhere_it_goes_on(house: House, small: None, monkeypatch: pytest.MonkeyPatch):
    """Rows, lists and counts are what they would have been."""
    number, finished = 0, False
    while not finished:
        number += 1
        with killed_at(number, monkeypatch):
            await house.replay("stock", from_scratch=True, dry_run=True)
            finished = True
        await house.replay("stock", verify=True)
    assert number > 5
