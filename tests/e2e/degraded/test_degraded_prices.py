"""No older price is shown after a newer one when the search index stands in for the views, nor when they are back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper, problem


@pytest.fixture
async def behind(house: House, servers: Servers, beds: list[str]) -> AsyncIterator[list[str]]:
    """The index gets no further than this, and its copies are as old."""
    services = house.services
    old, at = await services.catalog.on_sale(beds), services.indexer.position
    servers.search.goes(noticed=False)

    async def as_they_were(product_ids: Any) -> dict[str, Any]:
        return {product_id: old[product_id] for product_id in product_ids if product_id in old}

    services.catalog.on_sale = as_they_were
    yield beds
    assert services.indexer.position == at


def sku_of(seller: Seller, wanted: str) -> str:
    return next(sku for sku, product_id in seller.products.items() if product_id == wanted)


async def prices(visitor: Shopper, product_id: str) -> list[int]:
    """On the page, and in the list of its category."""
    page, found = f"/api/products/{product_id}", "/api/products?category=Furniture/Beds&limit=24"
    by_id = {item["productId"]: item for item in (await visitor.do("GET", found))["items"]}
    return [(await visitor.do("GET", page))["price"]["amount"], by_id[product_id]["price"]["amount"]]


async def test_an_index_that_is_behind_shows_the_price_that_was_shown(
    visitor: Shopper, seller: Seller, behind: list[str], servers: Servers
):
    await seller.offers(sku_of(seller, behind[0]), 777)
    visitor.position = seller.shopper.position
    await visitor.read(f"/api/products/{behind[0]}")
    assert await prices(visitor, behind[0]) == [777, 777]
    servers.views.goes()
    assert await prices(visitor, behind[0]) == [777, 777]
    assert await prices(visitor, behind[1]) == [1023, 1023], "to which nothing happened"


async def test_offers_that_were_withdrawn_are_gone_there_and_new_ones_are_there(
    visitor: Shopper, seller: Seller, behind: list[str], servers: Servers
):
    other = await open_shop(seller.shopper.http, "Südwald")
    await other.sells(stock=3, price=500, sku=sku_of(seller, behind[0]))
    await seller.shopper.do("DELETE", f"/api/offers/{seller.shop_id}/{sku_of(seller, behind[0])}")
    visitor.position = str(max(int(other.shopper.position), int(seller.shopper.position)))
    before = await visitor.read(f"/api/products/{behind[0]}")
    servers.views.goes()
    after = await visitor.do("GET", f"/api/products/{behind[0]}")
    assert after["offers"] == before["offers"]
    assert [offer["price"]["amount"] for offer in after["offers"]] == [500]


async def test_views_that_are_back_wait_until_they_show_what_was_shown_instead(
    visitor: Shopper, seller: Seller, behind: list[str], servers: Servers, house: House
):
    path, views = f"/api/products/{behind[0]}", house.services.follower
    servers.views.goes()
    at = views.position
    await seller.offers(sku_of(seller, behind[0]), 888)
    assert (await visitor.do("GET", path))["price"]["amount"] == 888

    servers.views.comes_back()
    caught_up = type(views)
    views.__class__ = type("Late", (caught_up,), {"position": at})
    late = await visitor.send("GET", path)
    assert (late.json()["price"]["amount"], late.headers["Kontor-Degraded"]) == (888, "products")
    views.__class__ = caught_up
    await views.wait_for(int(seller.shopper.position), 5)
    after = await visitor.send("GET", path)
    assert (after.json()["price"]["amount"], after.headers.get("Kontor-Degraded")) == (888, None)


async def test_what_stood_in_once_is_not_remembered_when_the_views_have_shown_more(
    visitor: Shopper, seller: Seller, behind: list[str], servers: Servers
):
    servers.views.goes()
    assert await prices(visitor, behind[0]) == [1024, 1024]
    servers.views.comes_back()
    await seller.offers(sku_of(seller, behind[0]), 999)
    visitor.position = seller.shopper.position
    await visitor.read(f"/api/products/{behind[0]}")
    servers.views.goes()
    assert await prices(visitor, behind[0]) == [999, 999]


async def test_an_index_that_is_far_behind_stands_in_for_nothing(
    visitor: Shopper, seller: Seller, behind: list[str], servers: Servers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("streams.standins.changedoffers.EVENTS_MAX", 1)
    for price in (5, 6, 7):
        await seller.offers(sku_of(seller, behind[0]), price)
    servers.views.goes()
    problem(await visitor.send("GET", f"/api/products/{behind[0]}"), 503, "storage_unavailable")
    servers.views.comes_back()
    visitor.position = seller.shopper.position
    assert (await visitor.read(f"/api/products/{behind[0]}"))["price"]["amount"] == 7
