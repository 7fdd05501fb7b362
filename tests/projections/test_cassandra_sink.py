"""The sink in a real Cassandra, held to the contract of sinks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from projections.cassandraviews.settings import CassandraSettings
from projections.sink import RowsLost
from tests.cassandra import empty, keyspace
from tests.contracts.sink import SinkContract
from tests.contracts.views import said
from tests.projections.cassandra_sinks import opened

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def settings() -> Iterator[CassandraSettings]:
    with keyspace("test_sink") as settings:
        yield settings


async def test_every_partition_hears_that_its_rows_are_gone(settings: CassandraSettings):
    """One after the other, and none goes on from where it was because another one has heard."""
    empty(settings)
    async with opened(settings) as sink:
        for partition in range(3):
            await sink.write(partition, 9, [said(partition + 1, f"s{partition}", "1")])
        await asyncio.to_thread(empty, settings)
        for partition in range(3):
            with pytest.raises(RowsLost):
                await sink.write(partition, 9, [])
            assert partition not in await sink.progress()
            await sink.write(partition, 9, [said(partition + 1, f"s{partition}", "1")])
        assert await sink.progress() == {0: 9, 1: 9, 2: 9}
        assert len(await sink.get_many("talk", ["s0", "s1", "s2"])) == 3


class TestCassandraSink(SinkContract):
    @pytest.fixture(autouse=True)
    def _emptied(self, settings: CassandraSettings):
        self._settings = settings
        empty(settings)

    def sink(self, folder: Path):
        return opened(self._settings)
