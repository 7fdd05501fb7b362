"""Each server is killed under load and comes back; and everything starts before the servers do."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.faults.servers import Servers
from tests.faults.shop import Shop, started

pytestmark = [
    pytest.mark.stack,
    pytest.mark.crash,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.mark.parametrize("name", ["kafka", "redis", "elasticsearch", "cassandra"])
async def test_a_server_of_the_read_side_is_killed_and_people_go_on_buying(shop: Shop, servers: Servers, name: str):
    async with shop.trading():
        async with servers.without(name):
            await shop.sells(5)
        await shop.sells(5)
    await shop.audit()


async def test_everything_is_started_before_its_servers(shop: Shop, servers: Servers):
    """Whoever cannot do without the log ends, and is started again by whatever supervises it; nobody else ends."""
    parts = shop.house.parts.values()
    for part in parts:
        assert part.stop() == 0
    async with AsyncExitStack() as absent:
        for name in ("cassandra", "elasticsearch", "kafka", "redis", "postgres"):
            await absent.enter_async_context(servers.without(name))
        starting = asyncio.create_task(started(*parts))
        await asyncio.sleep(3)
        assert not starting.done()
        # They come back one after the other: postgres, redis, kafka, elasticsearch, cassandra.
    await starting
    async with shop.trading():
        await shop.sells(5)
    await shop.audit()


async def test_the_log_is_killed_and_nobody_is_told_what_is_not_so(shop: Shop, servers: Servers):
    async with shop.trading():
        async with servers.without("postgres"):
            await shop.refuses(5)
        await shop.sells(5)
    await shop.audit()
