"""Carts, shops and buying while stores are away, and whether a service says that it is ready."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.degraded.answers import but
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper, expect, problem


@pytest.mark.parametrize("noticed", [True, False])
async def test_a_cart_comes_from_the_log(
    house: House, seller: Seller, shopper: Shopper, servers: Servers, noticed: bool
):
    skus = [await seller.sells(stock=units, price=1999) for units in (10, 3)]
    shopper.position = seller.shopper.position
    for sku in skus:
        await shopper.add(sku, 2)
    await seller.offers(skus[0], 2500)
    shopper.position = seller.shopper.position
    before = await shopper.read("/api/cart")
    servers.views.goes(noticed)
    answer = await shopper.send("GET", "/api/cart", Kontor_Min_Position=str(await house.head()))
    assert answer.headers["Kontor-Degraded"] == "carts"
    assert but(expect(200, answer), "position") == but(before, "position")
    servers.views.noticed = True  # who follows it does so within moments
    await shopper.add(skus[0], 1, shop=seller.shop_id)
    assert (await shopper.cart())["totals"]["quantity"] == 5, "one's own writes are read"


async def test_a_cart_that_nobody_filled(visitor: Shopper, shopper: Shopper, servers: Servers):
    before = await shopper.read("/api/cart"), await visitor.read("/api/cart")
    servers.views.goes()
    after = await shopper.read("/api/cart"), await visitor.read("/api/cart")
    times = ("createdAt", "updatedAt", "position")
    assert [but(cart, *times) for cart in after] == [but(cart, *times) for cart in before]


async def test_a_shop_comes_from_the_log(visitor: Shopper, seller: Seller, servers: Servers):
    path = f"/api/shops/{seller.shop_id}"
    own, before = await seller.shopper.read(path), await visitor.read(path)  # who has a token waits for it
    servers.views.goes()
    answer = await visitor.send("GET", path)
    assert expect(200, answer) == before
    assert answer.headers["Kontor-Degraded"] == "shops"
    assert await seller.shopper.do("GET", path) == but(own, "offers", "stockItems"), "nobody counts now"
    for nothing in ("shp_nobody", "shp_%00", "usr_1"):
        problem(await visitor.send("GET", f"/api/shops/{nothing}"), 404, "not_found")


async def test_everything_is_away_and_buying_goes_on(house: House, seller: Seller, shopper: Shopper, servers: Servers):
    sku = await seller.sells(stock=10, price=500)
    for server in (servers.views, servers.orders, servers.search):
        server.goes()
    await shopper.add(sku, shop=seller.shop_id)
    order = await shopper.buy()
    assert order["status"] == "PAID"
    assert (await shopper.read(f"/api/orders/{order['orderId']}"))["status"] == "PAID"
    assert [each["orderId"] for each in (await shopper.read("/api/orders"))["items"]] == [order["orderId"]]
    assert (await shopper.read("/api/cart"))["lines"] == []


async def test_ready_says_what_is_away_and_stays_so(house: House, servers: Servers):
    async def ready() -> Any:
        return expect(200, await house.http.get("/readyz"))

    assert (await ready())["degraded"] == []
    servers.search.goes()
    assert await ready() == {"status": "ok", "head": "0", "lag": {"views": 0, "search": 0}, "degraded": ["search"]}
    servers.views.goes()
    assert (await ready())["degraded"] == ["carts", "products", "search", "shops"]
    servers.orders.goes()
    servers.search.comes_back()
    servers.views.comes_back()
    assert (await ready())["degraded"] == ["orders"]
