"""Whoever has written something sees it in whatever they ask next; nobody sees a position that is not there yet."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, latest, problem

WRITES = 200


@pytest.mark.slow
@pytest.mark.own_house
async def test_every_query_shows_what_was_just_written(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=1)
    product = f"/api/products/{seller.products[sku]}"
    mine = f"/api/shops/{seller.shop_id}/inventory"
    stale = []
    for number in range(2, WRITES + 2):
        row = await seller.receives(sku, 1)
        await seller.offers(sku, number)
        seen = [
            (await seller.shopper.read(mine))["items"][0]["onHand"] == number == row["onHand"],
            (await seller.shopper.read(product))["price"]["amount"] == number,
            (await seller.shopper.read("/api/products?q=oak"))["items"][0]["price"]["amount"] == number,
        ]
        await shopper.add(sku)
        shopper.position = latest(shopper.position, seller.shopper.position)
        seen.append(await shopper.lines() == [(sku, number - 1)])
        stale += [(number, seen)] if not all(seen) else []
    assert stale == []


@pytest.mark.slow
async def test_orders_and_accounts_show_what_was_just_written(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=1000)
    stale = []
    for number in range(1, WRITES + 1):
        await shopper.add(sku)
        order = expect(202, await shopper.place())
        here = f"/api/orders/{order['orderId']}"
        history = (await shopper.read("/api/orders?limit=100"))["items"]
        seen = [
            (await shopper.read(here))["version"] >= order["version"],
            (history[0]["orderId"], len(history)) == (order["orderId"], min(number, 100)),
            [entry["type"] for entry in (await shopper.read(f"{here}/timeline"))["items"]][:1] == ["order.placed"],
            await shopper.lines() == [],
        ]
        await shopper.do("PATCH", "/api/me", {"name": f"Ada {number}"})
        seen.append((await shopper.read("/api/me"))["name"] == f"Ada {number}")
        stale += [(number, seen)] if not all(seen) else []
    assert stale == []


@pytest.mark.parametrize(
    "path",
    [
        "/api/products",
        "/api/products/{product}",
        "/api/products/suggest?q=oak",
        "/api/categories",
        "/api/categories/Furniture",
        "/api/shops/{shop}",
        "/api/shops/{shop}/orders",
        "/api/shops/{shop}/inventory",
        "/api/cart",
        "/api/me",
        "/api/orders",
        "/api/orders/{order}",
        "/api/orders/{order}/timeline",
    ],
)
async def test_a_position_in_the_future_is_never_answered_with_the_present(
    house: House, seller: Seller, path: str
) -> None:
    sku = await seller.sells()
    buyer = await seller.shopper.move_in()
    await buyer.add(sku)
    order = await buyer.buy()
    path = path.format(product=seller.products[sku], shop=seller.shop_id, order=order["orderId"])
    future = str(await house.head() + 1_000)
    began = asyncio.get_running_loop().time()
    answer = await buyer.send("GET", path, Kontor_Min_Position=future, Prefer="wait=0")
    body = problem(answer, 503, "position_not_reached")
    assert asyncio.get_running_loop().time() - began < 1
    assert int(answer.headers["retry-after"]) >= 1
    assert int(body["reached"]) <= await house.head()
    assert expect(200, await buyer.send("GET", path, Kontor_Min_Position=str(await house.head()), Prefer="wait=10"))


@pytest.mark.own_house
async def test_a_position_is_waited_for(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    ahead = str(await house.head() + 2)  # the cart is opened, and then the line is in it
    reading = asyncio.create_task(shopper.send("GET", "/api/cart", Kontor_Min_Position=ahead, Prefer="wait=5"))
    await asyncio.sleep(0.05)
    assert not reading.done()
    await shopper.add(sku)
    assert expect(200, await reading)["lines"]
