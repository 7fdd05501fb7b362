"""A Cassandra that is late, killed under load and slow to come back. It has a folder and ports of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kontor.bench.orders import lives
from projections.cassandraviews.settings import CassandraSettings
from projections.cassandraviews.sink import CassandraSink
from projections.orders.projector import ORDERS
from projections.sink import RowsLost
from projections.sqlite import SQLiteViews
from projections.views import ViewsUnavailable
from tests.cassandra import hosts
from tests.projections.comparing import assert_same
from tests.stack.commands import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
SIZE = 110
KILLS = 2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Down at first."""
    hosts()  # the same condition as for the other tests
    stack = Stack(tmp_path_factory.mktemp("cassandra"))
    yield stack
    stack.run("kill", "cassandra")


@pytest.fixture
async def sink(server: Stack) -> AsyncIterator[CassandraSink]:
    settings = CassandraSettings(hosts=(("127.0.0.1", server.ports["cassandra"]),), keyspace="faults", write_s=5.0)
    sink = CassandraSink(settings, [ORDERS])
    await sink.start()
    yield sink
    await sink.close()


async def test_a_server_that_is_late_stops_nobody_from_starting(server: Stack, sink: CassandraSink):
    started = time.monotonic()
    with pytest.raises(ViewsUnavailable):
        await sink.progress()
    with pytest.raises(ViewsUnavailable):
        await sink.get("orders", "ord_1")
    assert time.monotonic() - started < 1, "at once"
    assert not await sink.connection.wait(0.5)
    await asyncio.to_thread(server.do, "up", "cassandra")
    assert await sink.connection.wait(30)
    assert await sink.progress() == {}


async def test_what_a_kill_9_takes_is_noticed_and_folded_again(server: Stack, sink: CassandraSink, tmp_path: Path):
    """The server says yes before its disk does, so its last moment may be gone: marks and rows together."""
    await asyncio.to_thread(server.do, "up", "cassandra")
    assert await sink.connection.wait(60)
    events = list(lives(330, every_ms=40 * 3_600_000))
    failures = 0
    moved = asyncio.Event()

    async def work() -> None:
        nonlocal failures
        start = await progress(sink)
        while start < len(events):
            some = events[start : start + SIZE]
            try:
                await sink.write(0, some[-1].position, some)
            except (ViewsUnavailable, RowsLost):
                failures += 1
                await asyncio.sleep(0.1)
                start = await progress(sink)
                continue
            start += len(some)
            moved.set()

    working = asyncio.create_task(work())
    for _ in range(KILLS):
        for _ in range(3):
            moved.clear()
            await asyncio.wait_for(moved.wait(), 60)
        await asyncio.sleep(0.02)  # in the midst of the next one
        await asyncio.to_thread(server.do, "kill", "cassandra")
        await asyncio.to_thread(server.do, "up", "cassandra")
    await working
    assert failures, "nobody noticed the kill"
    expected = SQLiteViews(tmp_path / "views.db", [ORDERS])
    expected.apply(["orders"], events)
    await assert_same(sink, expected)
    expected.close()
    assert await sink.progress() == {0: len(events)}


async def progress(sink: CassandraSink) -> int:
    async with asyncio.timeout(60):
        while True:
            with suppress(ViewsUnavailable):
                return (await sink.progress()).get(0, 0)
            await asyncio.sleep(0.1)


async def test_a_server_that_is_down_is_told_quickly(server: Stack, sink: CassandraSink):
    await asyncio.to_thread(server.do, "up", "cassandra")
    assert await sink.connection.wait(60)
    await progress(sink)
    await asyncio.to_thread(server.do, "kill", "cassandra")
    took = []
    for _ in range(20):
        started = time.monotonic()
        with pytest.raises(ViewsUnavailable):
            await sink.get("orders", "ord_1")
        took.append(time.monotonic() - started)
    assert sink.connection.breaker.state != "closed"
    assert sorted(took)[10] < 0.05, "the breaker answers"
    assert max(took) < 10
