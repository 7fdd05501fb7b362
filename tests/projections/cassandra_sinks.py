"""A sink on a real Cassandra, open for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from projections.cassandraviews.settings import CassandraSettings
from projections.cassandraviews.sink import CassandraSink
from tests.contracts.views import TALK


@asynccontextmanager
async def opened(settings: CassandraSettings, *projections) -> AsyncIterator[CassandraSink]:
    sink = CassandraSink(settings, projections or (TALK,))
    await sink.start()
    try:
        assert await sink.connection.wait(60)
        yield sink
    finally:
        await sink.close()
