"""The sink in Redis, on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from projections.redisviews.server import RedisServer
from projections.redisviews.sink import RedisSink
from projections.sink import Sink
from tests.contracts.sink import SinkContract
from tests.contracts.views import TALK

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
