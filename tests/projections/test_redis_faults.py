"""Redis flushed, killed, put back to an older state, and not there at all."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from domain.recorded import Recorded
from projections.redisviews.server import RedisServer
from projections.redisviews.sink import RedisSink
from projections.sink import RowsLost
from projections.views import ViewsUnavailable
from tests.contracts.views import TALK, said
from tests.stack.commands import Stack

pytestmark = pytest.mark.stack
STREAMS = 40
EVENTS = [said(position, f"s{position % STREAMS}", str(position)) for position in range(1, 1201)]
PARTS = 2


@pytest.fixture
async def sink(redis_url: str, redis_prefix: str) -> AsyncIterator[RedisSink]:
    server = RedisServer(redis_url)
    yield RedisSink(server, (TALK,), redis_prefix)
    await server.close()


@pytest.fixture
def killable(tmp_path: Path, redis_url: str) -> Iterator[Stack]:
    """A server of its own that may be killed."""
    stack = Stack(tmp_path / "server")
    stack.do("up", "redis")
    yield stack
    stack.run("kill", "redis")


def url_of(stack: Stack) -> str:
    return f"redis://127.0.0.1:{stack.ports['redis']}/0"


def of(partition: int, events: list[Recorded]) -> list[Recorded]:
    return [event for event in events if int(event.stream[1:]) % PARTS == partition]


async def fold(sink: RedisSink, upto: int, page: int = 100) -> int:
    """As workers do: every partition from where the sink says, again when it lost rows. How often it did."""
    lost = 0
    for partition in range(PARTS):
        at = (await sink.progress()).get(partition, 0)
        while at < upto:
            events = EVENTS[at : min(at + page, upto)]
            try:
                await sink.write(partition, events[-1].position, of(partition, events))
                at = events[-1].position
            except RowsLost:
                lost += 1
                at = (await sink.progress()).get(partition, 0)
    return lost


async def rows(sink: RedisSink) -> dict[str, Any]:
    found = {key: kept.row async for key, kept in sink.walk("talk")}
    assert await sink.counts("talk", "length") == ({"s": len(found)} if found else {})
    listed = await sink.listed("talk", "length", "s", limit=1000)
    assert {entry.key: entry.row for entry in listed} == found
    assert sum((await sink.counts("talk", "last")).values()) == len(found)
    return found


def expected(upto: int) -> dict[str, Any]:
    texts: dict[str, tuple[str, ...]] = {}
    for event in EVENTS[:upto]:
        texts[event.stream] = (*texts.get(event.stream, ()), event.event.text)
    return texts


async def assert_folded(sink: RedisSink, upto: int) -> None:
    assert {key: row.texts for key, row in (await rows(sink)).items()} == expected(upto)
    assert await sink.progress() == dict.fromkeys(range(PARTS), upto)


def flush(url: str, prefix: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.delete(*client.keys(f"{prefix}*"))


async def test_a_flushed_store_says_that_it_is_empty_and_is_filled_again(sink: RedisSink, redis_url, redis_prefix):
    await fold(sink, 600)
    flush(redis_url, redis_prefix)
    assert await fold(sink, 1200) == PARTS, "each partition hears of it once"
    await assert_folded(sink, 1200)


async def test_a_flush_between_batches_is_noticed_before_anything_is_written(sink: RedisSink, redis_url, redis_prefix):
    await fold(sink, 600)
    flush(redis_url, redis_prefix)
    for partition in range(PARTS):
        with pytest.raises(RowsLost):
            await sink.write(partition, 700, of(partition, EVENTS[600:700]))
        assert partition not in await sink.progress()
    assert [entry async for entry in sink.walk("talk")] == []
    await fold(sink, 1200)
    await assert_folded(sink, 1200)


async def test_a_flushed_store_answers_nothing_until_somebody_fills_it(sink: RedisSink, redis_url, redis_prefix):
    await fold(sink, 100)
    flush(redis_url, redis_prefix)
    with pytest.raises(ViewsUnavailable):
        await sink.get("talk", "s1")
    with pytest.raises(ViewsUnavailable):
        await sink.listed("talk", "length", "s", limit=10)


async def test_scripts_that_the_server_has_forgotten_are_loaded_again(sink: RedisSink, redis_url):
    await fold(sink, 100)
    with redis.Redis.from_url(redis_url) as client:
        client.script_flush()
    await fold(sink, 200)
    await assert_folded(sink, 200)


async def test_a_store_that_comes_back_older_is_noticed(sink: RedisSink, redis_url, redis_prefix):
    """A crash of the machine costs the last second: everything as it was then."""
    await fold(sink, 300)
    with redis.Redis.from_url(redis_url) as client:
        older = {key: client.dump(key) for key in client.keys(f"{redis_prefix}*")}
    await fold(sink, 600)
    flush(redis_url, redis_prefix)
    with redis.Redis.from_url(redis_url) as client:
        for key, value in older.items():
            client.restore(key, 0, value)
    with pytest.raises(RowsLost):
        await sink.write(0, 700, of(0, EVENTS[600:700]))
    assert await sink.progress() == {0: 300, 1: 300}
    with pytest.raises(RowsLost):
        await sink.write(1, 700, of(1, EVENTS[600:700]))
    await fold(sink, 1200)
    await assert_folded(sink, 1200)


async def test_a_killed_server_comes_back_with_what_it_had(killable: Stack):
    server = RedisServer(url_of(killable))
    sink = RedisSink(server, (TALK,), "killed")
    await fold(sink, 600)
    killable.do("kill", "redis")
    with pytest.raises(ViewsUnavailable):
        await sink.write(0, 700, of(0, EVENTS[600:700]))
    killable.do("up", "redis")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            await fold(sink, 1200)
            break
        except ViewsUnavailable:
            continue
    await assert_folded(sink, 1200)
    await server.close()


async def test_who_asks_a_server_that_is_away_hears_so_at_once(killable: Stack):
    server = RedisServer(url_of(killable))
    sink = RedisSink(server, (TALK,), "refused")
    await fold(sink, 100)
    killable.do("kill", "redis")
    while server.breaker.state == "closed":
        with pytest.raises(ViewsUnavailable):
            await sink.get("talk", "s1")
    begun = time.perf_counter()
    for _ in range(20):
        with pytest.raises(ViewsUnavailable):
            await sink.get("talk", "s1")
    assert time.perf_counter() - begun < 1.0, "twenty times, with few trials among them"
    await server.close()
