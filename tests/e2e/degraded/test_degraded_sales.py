"""Prices that begin and end by themselves while the views are away, when the search index changes no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commands.engine import now_ms
from tests.e2e.buying.schedules import scheduled
from tests.e2e.degraded.answers import degraded
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper


class Clock:
    def __init__(self) -> None:
        self.ahead_s = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_s * 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def house(tmp_path: Path, servers: Servers, clock: Clock) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", prepare=servers.put_between, clock=clock) as house:
        yield house


async def test_a_price_ends_and_another_begins(
    house: House, seller: Seller, visitor: Shopper, servers: Servers, clock: Clock
) -> None:
    prices = [scheduled(1500, starts=-60, ends=600, name="Sale"), scheduled(900, starts=1200)]
    sku = await seller.sells(20, 2000, prices=prices)
    other = await open_shop(house.http, "Elsewhere")
    await other.sells(20, 1800, sku=sku)
    product_id = seller.products[sku]
    visitor.position = other.shopper.position
    await visitor.read("/api/products?q=bed")
    servers.views.goes()

    async def best_offer() -> Any:
        page = await degraded(visitor.send("GET", f"/api/products/{product_id}"), "products")
        [card] = (await degraded(visitor.send("GET", "/api/products?q=bed"), "products"))["items"]
        assert card["price"] == page["price"] == page["bestOffer"]["price"]
        best = page["bestOffer"]
        return best["price"]["amount"], best["shopId"], best["priceName"], best["priceEndsAt"] is not None

    house.app.state.reading.pages.clear()
    assert [await best_offer() for _ in range(2)] == [(1500, seller.shop_id, "Sale", True)] * 2
    asked = servers.search.asked
    await best_offer()
    assert servers.search.asked == asked, "it is remembered"
    clock.ahead_s = 700
    assert await best_offer() == (1800, other.shop_id, None, False), "it is over, and another seller is the cheapest"
    clock.ahead_s = 1300
    assert await best_offer() == (900, seller.shop_id, "scheduled", False)
