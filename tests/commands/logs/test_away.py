"""Several servers, and networks to them that fail: what is answered is there once, and what is away is missed alone."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count
from random import Random

import pytest

from commands.errors import StorageUnavailable
from commands.logs import engines as engines_module
from commands.logs import heads
from commands.logs.engines import Engines
from commands.logs.served import ServedLogs, open_served
from commands.logs.slices import SLICES
from commands.store import server
from tests.commands.driving import Clock, context, do, receive, request
from tests.commands.logs.place import named, problems, settled
from tests.commands.proxy import Proxy

pytestmark = pytest.mark.stack
LOGS, CLIENTS, TURNS = 3, 6, 15
STREAMS = [f"stk_shp_1.{number}" for number in range(CLIENTS)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines_module, "RETRY_S", 0.02)
    monkeypatch.setattr("commands.engine.RETRY_S", 0.02)
    monkeypatch.setattr(server, "ANSWER_TIMEOUT_S", 0.5)
    monkeypatch.setitem(server.LIFELINE, "connect_timeout", "2")


@pytest.fixture
async def behind(four_servers: tuple[str, ...]) -> AsyncIterator[tuple[list[Proxy], Engines]]:
    proxies = [Proxy(url) for url in four_servers[:LOGS]]
    urls = [await proxy.start() for proxy in proxies]
    log = ServedLogs(*await asyncio.to_thread(open_served, urls, 0))
    engine = Engines(log, clock=Clock())
    await engine.start()
    yield proxies, engine
    for proxy in proxies:
        await proxy.mend()
    await engine.close()
    await log.close()
    for proxy in proxies:
        await proxy.close()


async def until_answered(engine: Engines, stream: str, key: str) -> None:
    """Sends the same again with the same key."""
    while True:
        try:
            await engine.submit(receive(1, stream), context(), request=request(key))
        except StorageUnavailable:
            await asyncio.sleep(0.02)
        else:
            return


async def move_on(engine: Engines) -> None:
    for turn in count(1):
        with suppress(StorageUnavailable):
            await engine.move(0, SLICES // 2, turn % LOGS)
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_answered_is_there_once_wherever_connections_break_and_slices_move(
    behind: tuple[list[Proxy], Engines], four_servers: tuple[str, ...], seed: int
):
    proxies, engine = behind
    answered = Counter[str]()

    async def client(number: int) -> None:
        for turn in range(TURNS):
            stream = STREAMS[(number + turn) % CLIENTS]
            await until_answered(engine, stream, f"{number}/{turn}")
            answered[stream] += 1

    for number, proxy in enumerate(proxies):
        proxy.cut_at_random(Random(seed * LOGS + number), 0.02)
    moving = asyncio.create_task(move_on(engine))
    async with asyncio.timeout(120):
        await asyncio.gather(*map(client, range(CLIENTS)))
    moving.cancel()
    assert sum(proxy.cuts for proxy in proxies) > 0
    for proxy in proxies:
        await proxy.mend()
    await settled(engine)
    for stream in STREAMS:
        assert (await engine.state(stream)).on_hand == len(await engine.log.read_stream(stream)) == answered[stream]
    assert problems(four_servers, LOGS) == []


async def test_a_log_that_is_away_stops_its_own_streams(
    behind: tuple[list[Proxy], Engines], monkeypatch: pytest.MonkeyPatch
):
    proxies, engine = behind
    here, there = named("stk", 0, engine.log), named("stk", 2, engine.log)
    assert (await do(engine, receive(1, there))).version == 1
    proxies[2].go_silent()
    monkeypatch.setattr(server, "ANSWER_TIMEOUT_S", 5)
    monkeypatch.setattr(heads, "PATIENCE_S", 0.2)
    await engine.abreast()
    began = time.monotonic()
    await engine.abreast()
    assert time.monotonic() - began < 0.1, "who is known to be away was waited for"
    heard: list[str] = []
    engine.listeners.append(lambda events: heard.extend(event.stream for event in events))
    refused = asyncio.create_task(do(engine, receive(1, there)))
    for version in (1, 2):
        assert (await do(engine, receive(1, here))).version == version
    async with asyncio.timeout(2):
        while heard.count(here) < 2:  # noqa: ASYNC110  # put in order, without the one that is away
            await asyncio.sleep(0.05)
    with pytest.raises(StorageUnavailable):
        await do(engine, receive(1, here), request=request("may have been answered there"))
    await proxies[2].mend()
    with pytest.raises(StorageUnavailable):
        await refused
    assert (await do(engine, receive(1, there))).version == 2
    assert (await do(engine, receive(1, here), request=request("may have been answered there"))).version == 3
