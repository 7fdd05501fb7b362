"""The sink in Redis, on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from projections.redisviews.server import RedisServer
from projections.redisviews.sink import RedisSink
from projections.sink import Sink
from projections.views import Place
from tests.contracts.sink import SinkContract
from tests.contracts.views import TALK, said

pytestmark = pytest.mark.stack


class TestRedisSink(SinkContract):
    @pytest.fixture(autouse=True)
    def _place(self, redis_url: str, redis_prefix: str) -> None:
        self.url, self.prefix = redis_url, redis_prefix

    @asynccontextmanager
    async def sink(self, folder: Path) -> AsyncIterator[Sink]:
        server = RedisServer(self.url)
        yield RedisSink(server, (TALK,), self.prefix)
        await server.close()

    async def test_a_large_owner_is_paged_through_many_ties(self, opened: Sink):
        """Of 1,500 rows 500 each have the same order; a page begins and ends anywhere among them."""
        events = [said(n, f"k{n:04d}", "x" * (n % 3)) for n in range(1, 1501)]
        await opened.write(0, 1500, events)
        expected = sorted((n % 3, f"k{n:04d}") for n in range(1, 1501))
        for backwards in (False, True):
            seen: list[tuple[int, str]] = []
            after = None
            while page := await opened.listed("talk", "length", "k", limit=70, after=after, backwards=backwards):
                seen += [(len("".join(row.texts)), key) for key, row in page]
                after = Place(*seen[-1])
            assert seen == (expected[::-1] if backwards else expected)
        assert len(await opened.listed("talk", "length", "k", limit=5_000)) == 1500
