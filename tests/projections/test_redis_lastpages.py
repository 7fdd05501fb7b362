"""Pages by name in a real Redis: kept, replaced, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from projections.redisviews.lastpages import RedisPages
from projections.redisviews.server import RedisServer
from projections.views import ViewsUnavailable

pytestmark = pytest.mark.stack


@pytest.fixture
async def server(redis_url: str) -> AsyncIterator[RedisServer]:
    server = RedisServer(redis_url)
    yield server
    await server.close()


async def test_a_page_is_kept_for_all_and_replaced(server: RedisServer, redis_prefix: str):
    one, other = RedisPages(server, redis_prefix), RedisPages(server, redis_prefix)
    assert await one.kept("") is None
    await one.keep("", b"\x00first")
    await one.keep("Möbel\x1fBetten", b"beds")
    await other.keep("", b"second")
    assert await one.kept("") == b"second"
    assert await other.kept("Möbel\x1fBetten") == b"beds"


async def test_those_kept_longest_ago_make_room(server: RedisServer, redis_prefix: str):
    pages = RedisPages(server, redis_prefix, pages_max=3)
    for name in ("a", "b", "c"):
        await pages.keep(name, name.encode())
    await asyncio.sleep(0.01)  # they are told apart by milliseconds
    await pages.keep("a", b"again")
    await pages.keep("d", b"d")
    kept = {name: await pages.kept(name) for name in "abcd"}
    assert kept["a"] == b"again"
    assert kept["d"] == b"d"
    assert sorted(name for name, page in kept.items() if page is not None) in (["a", "b", "d"], ["a", "c", "d"])


async def test_a_server_that_is_away_is_told(redis_prefix: str):
    server = RedisServer("redis://127.0.0.1:1/0")
    pages = RedisPages(server, redis_prefix)
    with pytest.raises(ViewsUnavailable):
        await pages.keep("", b"page")
    with pytest.raises(ViewsUnavailable):
        await pages.kept("")
    await server.close()
