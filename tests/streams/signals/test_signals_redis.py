"""Signals in a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from projections.redisviews.server import RedisServer
from streams.signals.port import SignalsAway
from streams.signals.redis import RedisSignals
from tests.contracts.signals import NOW, SignalStoreContract, opened, together

pytestmark = pytest.mark.stack


class TestInRedis(SignalStoreContract):
    @pytest.fixture(autouse=True)
    def server(self, redis_url: str, redis_prefix: str) -> None:
        self.url, self.prefix = redis_url, redis_prefix

    @asynccontextmanager
    async def empty(self, folder: Path, counted_max: int = 1_000) -> AsyncIterator[RedisSignals]:
        server = RedisServer(self.url)
        yield RedisSignals(server, self.prefix, counted_max=counted_max)
        await server.close()

    async def test_nothing_stays_for_ever(self, tmp_path: Path) -> None:
        async with self.empty(tmp_path) as store:
            await store.take([opened("ada", "prd_1"), *together("bed"), *together("bed", "search")])
        server = RedisServer(self.url)
        keys = [key async for key in server.client.scan_iter(f"{self.prefix}/signals/*")]
        lives = [await server.client.ttl(key) for key in keys]
        await server.close()
        assert len(keys) == 8  # four sessions viewed something
        assert all(0 < seconds <= 30 * 86_400 for seconds in lives), dict(zip(keys, lives, strict=True))

    async def test_the_oldest_sessions_make_room(self) -> None:
        server = RedisServer(self.url)
        store = RedisSignals(server, self.prefix, sessions_max=3)
        await store.take([opened(f"s{number}", "prd_1", NOW + number) for number in range(4)])
        await store.take([opened("s1", "prd_2", NOW + 9), opened("s4", "prd_1", NOW + 5)])
        assert [len(await store.viewed(f"s{number}")) for number in range(5)] == [0, 2, 0, 1, 1]
        await server.close()


async def test_a_server_that_is_away_is_told(redis_prefix: str) -> None:
    server = RedisServer("redis://127.0.0.1:1/0")
    store = RedisSignals(server, redis_prefix)
    with pytest.raises(SignalsAway):
        await store.take([opened("ada", "prd_1", NOW)])
    with pytest.raises(SignalsAway):
        await store.viewed("ada")
    await server.close()
