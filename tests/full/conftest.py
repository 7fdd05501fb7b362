"""The journeys of tests/e2e, on the full profile: the same tests, another house."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, sign_up
from tests.full.processes import Everything, everything


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Everything]:
    async with everything(tmp_path, "write", "read", "relay", "work") as house:
        yield house


@pytest.fixture
async def seller(house: Everything) -> Seller:
    return await open_shop(house.http)


@pytest.fixture
async def shopper(house: Everything) -> Shopper:
    return await (await sign_up(house.http)).move_in()


@pytest.fixture
def visitor(house: Everything) -> Shopper:
    return Shopper(house.http)
