"""The engine on Postgres behind a network that cuts, delays, goes silent: whatever was acknowledged is there once."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from commands import engine as module
from commands.engine import Engine
from commands.errors import StorageUnavailable
from commands.store import postgres as store
from commands.store import server
from commands.store.postgres import PostgresLog
from commands.vault_server import VaultServer
from tests.commands.conftest import rows_of
from tests.commands.driving import context, do, receive, request
from tests.commands.proxy import Proxy
from tests.proxy import ThreadedProxy

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
CLIENTS, TURNS = 12, 6


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.02)
    monkeypatch.setattr(server, "ANSWER_TIMEOUT_S", 0.5)
    monkeypatch.setitem(server.LIFELINE, "connect_timeout", "2")


@pytest.fixture
async def behind(postgres: str) -> AsyncIterator[tuple[Proxy, PostgresLog, Engine]]:
    proxy = Proxy(postgres)
    log = await asyncio.to_thread(PostgresLog.open, await proxy.start())
    engine = Engine(log)
    await engine.start()
    yield proxy, log, engine
    await proxy.mend()
    await engine.close()
    await log.close()
    await proxy.close()


class Clients:
    """Each asks for one thing after the other, the same again with the same key until it is answered."""

    def __init__(self, engine: Engine) -> None:
        self.answered: dict[str, int] = {}
        """Version that was told, by key."""
        self.put_off = 0
        self._engine = engine

    async def all(self) -> None:
        await asyncio.gather(*(self._one(number) for number in range(CLIENTS)))

    async def _one(self, number: int) -> None:
        for turn in range(TURNS):
            key = f"{number}/{turn}"
            while key not in self.answered:
                try:
                    outcome = await self._engine.submit(receive(1), context(), request=request(key))
                except StorageUnavailable:
                    self.put_off += 1
                    await asyncio.sleep(0.02)
                else:
                    body = outcome.replayed.body if outcome.replayed is not None else b"version %d" % outcome.version
                    self.answered[key] = int(body.removeprefix(b"version "))

    async def each_is_there_once(self, log: PostgresLog) -> None:
        assert len(self.answered) == CLIENTS * TURNS
        rows = await rows_of(log)
        assert [row.version for row in rows] == list(range(1, len(rows) + 1))
        assert sorted(self.answered.values()) == [row.version for row in rows]


async def test_connections_that_are_cut_anywhere(behind: tuple[Proxy, PostgresLog, Engine]) -> None:
    proxy, log, engine = behind
    clients = Clients(engine)
    proxy.cut_at_random(random.Random(7), 0.05)
    await clients.all()
    assert proxy.cuts > 0
    await proxy.mend()
    await clients.each_is_there_once(log)


async def test_a_server_that_takes_connections_and_says_nothing(behind: tuple[Proxy, PostgresLog, Engine]) -> None:
    """As one that was stopped, or whose packets are dropped on the way back: only patience tells."""
    proxy, log, engine = behind
    clients = Clients(engine)
    working = asyncio.create_task(clients.all())
    for _ in range(2):
        await asyncio.sleep(0.1)
        proxy.go_silent()
        began, before = time.monotonic(), clients.put_off
        while clients.put_off == before and not working.done():
            assert time.monotonic() - began < 20, "nobody was told"
            await asyncio.sleep(0.05)
        await proxy.mend()
    await working
    await clients.each_is_there_once(log)


async def test_whoever_reads_from_a_server_that_says_nothing_is_told_too(
    behind: tuple[Proxy, PostgresLog, Engine],
) -> None:
    proxy, log, _ = behind
    assert await log.head() == 0
    proxy.go_silent()
    with pytest.raises(StorageUnavailable):
        await asyncio.wait_for(log.read(0, 10), 10)
    await proxy.mend()
    assert await log.read(0, 10) == []


async def test_a_transaction_that_hears_nothing_any_more_ends(behind: tuple[Proxy, PostgresLog, Engine]) -> None:
    """While it has the turn, nobody else writes."""
    proxy, log, engine = behind
    transaction = await log.begin()
    proxy.go_silent()
    with pytest.raises(StorageUnavailable):
        await asyncio.wait_for(transaction.load(["stk_shp_1.S"]), 10)
    await proxy.mend()
    await transaction.rollback()
    assert await do(engine, receive(1)) is not None


async def test_commits_whose_answers_are_lost_one_after_the_other(behind: tuple[Proxy, PostgresLog, Engine]) -> None:
    proxy, log, engine = behind
    clients = Clients(engine)

    async def lose() -> None:
        while True:
            proxy.lose_commit = True
            await asyncio.sleep(0.01)

    losing = asyncio.create_task(lose())
    await clients.all()
    losing.cancel()
    assert proxy.lost > 0
    await proxy.mend()
    await clients.each_is_there_once(log)


async def test_a_long_and_narrow_way_is_only_slow(behind: tuple[Proxy, PostgresLog, Engine]) -> None:
    proxy, log, engine = behind
    proxy.delay_s, proxy.per_s = 0.01, 400_000
    clients = Clients(engine)
    await clients.all()
    assert clients.put_off == 0
    await clients.each_is_there_once(log)
    proxy.delay_s = proxy.per_s = 0
    assert (await do(engine, receive(1))).version == CLIENTS * TURNS + 1


@pytest.mark.slow
async def test_after_a_long_absence_reading_goes_on_at_once(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not only when as much time has passed again as the server was away."""
    monkeypatch.setattr(store, "READER_TIMEOUT_S", 0.3)
    way, parts = ThreadedProxy(postgres), urlsplit(postgres)
    address = f"{parts.username}@127.0.0.1:{urlsplit(way.url).port}"
    url = urlunsplit(parts._replace(netloc=address))
    log, vault = PostgresLog.open(url), VaultServer.open(url)
    way.cut()
    until = time.monotonic() + 8
    while time.monotonic() < until:
        with pytest.raises(StorageUnavailable):
            await log.read(0, 1)
        with pytest.raises(StorageUnavailable):
            await asyncio.to_thread(vault.rows, "SELECT 1")
    way.mend()
    until = time.monotonic() + 3.5
    for read in (lambda: log.read(0, 1), lambda: asyncio.to_thread(vault.rows, "SELECT 1")):
        while True:
            try:
                await read()
                break
            except StorageUnavailable:
                assert time.monotonic() < until, "still refused"
                await asyncio.sleep(0.05)
    await log.close()
    vault.close()
    way.cut()
