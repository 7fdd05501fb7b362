"""One shop for all tests that leave it as good as new; tests that cannot make their own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.servers import Servers
from tests.faults.shop import Shop, opened
from tests.full.processes import everything

PARTS = ("write", "read", "relay", "work")


@pytest.fixture(scope="session")
def servers() -> Servers:
    found = Servers()
    found.require()
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    async with everything(folder, *PARTS) as house, opened(house) as shop:
        yield shop
