"""Each server is killed under load and comes back; and everything starts before the servers do."""

from __future__ import annotations

import pytest

from tests.faults.servers import Servers
from tests.faults.shop import Shop

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


async def test_the_log_is_killed_and_nobody_is_told_what_is_not_so(shop: Shop, servers: Servers):
    async with shop.trading():
        async with servers.without("postgres"):
            await shop.refuses(5)
        await shop.sells(5)
    await shop.audit()
