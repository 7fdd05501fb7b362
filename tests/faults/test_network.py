"""The network to each server cuts, delays, goes silent while people buy: nobody is told what is not so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.faults.conftest import PARTS
from tests.faults.network import Network, network
from tests.faults.servers import Servers
from tests.faults.shop import Shop, opened
from tests.full.processes import deployed, namespace

pytestmark = [
    pytest.mark.stack,
    pytest.mark.crash,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]
SEED = 11
BROKEN_S = 2.0
READ_SIDE = ("kafka", "redis", "elasticsearch", "cassandra")


@pytest.fixture(scope="module")
def ways(servers: Servers) -> Iterator[Network]:
    with network(SEED) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(ways: Network, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    with namespace() as environment:
        folder = tmp_path_factory.mktemp("network")
        async with deployed(ways.led(environment), folder, *PARTS) as everything, opened(everything) as shop:
            yield shop


@pytest.mark.parametrize("server", READ_SIDE)
async def test_people_go_on_buying_whatever_the_read_side_is_like(house: Shop, ways: Network, server: str) -> None:
    async with house.trading():
        for fault in (ways.cut_at_random, ways.slow, ways.go_silent):
            fault(server)
            await house.sells(3)
            await asyncio.sleep(BROKEN_S)
            ways.mend(server)
        await house.sells(5)
    assert ways.cuts(server) > 0
    await house.audit()


async def test_a_log_that_is_hardly_reached_acknowledges_nothing_that_it_loses(house: Shop, ways: Network) -> None:
    async with house.trading():
        ways.cut_at_random("postgres")
        await asyncio.sleep(BROKEN_S)
        ways.mend("postgres")
        ways.slow("postgres")
        await house.sells(1)
        ways.mend("postgres")
        ways.go_silent("postgres")
        await house.refuses(1)
        ways.mend("postgres")
        await house.sells(5)
    assert ways.cuts("postgres") > 0
    await house.audit()
