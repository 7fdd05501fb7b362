"""The disk of the log is full: commands are refused with 503, queries are answered, nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.commands.disks import SmallDisks
from tests.faults.conftest import PARTS
from tests.faults.shop import Shop, opened
from tests.full.processes import everything

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.fixture
def small() -> Iterator[SmallDisks]:
    """A Postgres of its own for log and vault; the other servers are those of stack/."""
    made = SmallDisks()
    made.start()
    yield made
    made.remove()


@pytest_asyncio.fixture(loop_scope="session")
async def cramped(small: SmallDisks, tmp_path: Path) -> AsyncIterator[Shop]:
    async with everything(tmp_path, *PARTS, postgres=small.url) as house, opened(house) as shop:
        yield shop


async def test_the_disk_of_the_log_is_full_under_load(cramped: Shop, small: SmallDisks):
    """That of its tables. A write-ahead log without room ends the server, as a kill does (test_servers.py)."""
    shop = cramped
    async with shop.trading():
        await asyncio.to_thread(small.fill, "tables")
        await shop.refuses(5)
        assert (await shop.house.http.get("/api/products?limit=1")).status_code == 200
        await asyncio.to_thread(small.free, "tables")
        await shop.sells(5)
    await shop.audit()
