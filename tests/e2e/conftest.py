"""A Kontor for each test, empty, with one shop in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, sign_up


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data") as house:
        yield house


@pytest.fixture
async def seller(house: House) -> Seller:
    return await open_shop(house.http)


@pytest.fixture
async def shopper(house: House) -> Shopper:
    """Signed in, with an address and a good card."""
    shopper = await sign_up(house.http)
    return await shopper.move_in()


@pytest.fixture
async def admin(house: House) -> Shopper:
    """Runs the marketplace."""
    shopper = await sign_up(house.http, "Root Admin")
    await house.grant(shopper.user_id, "admin")
    await shopper.sign_in()
    return shopper


@pytest.fixture
def visitor(house: House) -> Shopper:
    """Not signed in."""
    return Shopper(house.http)
