"""The sink in a real Cassandra, held to the contract of sinks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from projections.cassandraviews.settings import CassandraSettings
from projections.cassandraviews.sink import CassandraSink
from tests.cassandra import empty, keyspace
from tests.contracts.sink import SinkContract
from tests.contracts.views import TALK

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def settings() -> Iterator[CassandraSettings]:
    with keyspace("test_sink") as settings:
        yield settings


@asynccontextmanager
async def opened(settings: CassandraSettings, *projections) -> AsyncIterator[CassandraSink]:
    sink = CassandraSink(settings, projections or (TALK,))
    await sink.start()
    try:
        assert await sink.connection.wait(60)
        yield sink
    finally:
        await sink.close()


class TestCassandraSink(SinkContract):
    @pytest.fixture(autouse=True)
    def _emptied(self, settings: CassandraSettings):
        self._settings = settings
        empty(settings)

    def sink(self, folder: Path):
        return opened(self._settings)
