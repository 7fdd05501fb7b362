"""A house whose stores can be taken away from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.house import House, in_process
from tests.e2e.market import Seller
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
async def house(tmp_path: Path, servers: Servers) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", prepare=servers.put_between) as house:
        yield house


@pytest.fixture
async def ordered(house: House, seller: Seller, shopper: Shopper) -> list[str]:
    sku = await seller.sells(stock=10, price=1999)
    shopper.position = seller.shopper.position
    orders = []
    for _ in range(3):
        await shopper.add(sku)
        orders.append((await shopper.buy())["orderId"])
    return orders[::-1]


@pytest.fixture
async def beds(seller: Seller, visitor: Shopper) -> list[str]:
    """Twenty-five products in a category, whose first page everybody has seen; the newest first."""
    skus = [await seller.sells(stock=10, price=1000 + number) for number in range(25)]
    visitor.position = seller.shopper.position
    await visitor.read("/api/products?category=Furniture/Beds&limit=24")
    return [seller.products[sku] for sku in reversed(skus)]
