"""The journeys of tests/e2e, on the full profile: the same tests, another house."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, sign_up
from tests.full.processes import Everything, everything

PARTS = ("write", "read", "relay", "work")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Everything]:
    async with everything(tmp_path_factory.mktemp("shared"), *PARTS) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def own_house(tmp_path: Path) -> AsyncIterator[Everything]:
    async with everything(tmp_path, *PARTS) as house:
        yield house


@pytest.fixture
def house(request: pytest.FixtureRequest) -> Everything:
    """It takes its time to start, so that tests share one unless they are marked."""
    found: Everything = request.getfixturevalue(
        "own_house" if request.node.get_closest_marker("own_house") else "shared_house"
    )
    return found


@pytest_asyncio.fixture(loop_scope="module")
async def seller(house: Everything) -> Seller:
    return await open_shop(house.http)


@pytest_asyncio.fixture(loop_scope="module")
async def shopper(house: Everything) -> Shopper:
    return await (await sign_up(house.http)).move_in()


@pytest.fixture
def visitor(house: Everything) -> Shopper:
    return Shopper(house.http)
