"""What goes with a product, by the orders that were paid; what sells in its category while nothing is known."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.finding.buyers import buy
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem


async def beside(who: Shopper, seller: Seller, sku: str, query: str = "") -> tuple[str, list[str]]:
    found: dict[str, Any] = await who.read(f"/api/products/{seller.products[sku]}/also-bought{query}")
    assert (found["next"], found["prev"]) == (None, None)
    return found["basis"], [item["sku"] for item in found["items"]]


async def test_from_two_orders_to_what_goes_together(house: House, seller: Seller) -> None:
    bed, rug, lamp = [await seller.sells() for _ in range(3)]
    await buy(house.http, bed, rug)
    last = await buy(house.http, bed, lamp)
    assert (await beside(last, seller, bed))[0] == "popular", "once is chance"
    last = await buy(house.http, bed, rug)
    assert await beside(last, seller, bed) == ("also_bought", [rug])
    assert await beside(last, seller, rug) == ("also_bought", [bed])


@pytest.mark.own_house
async def test_orders_that_came_to_nothing_say_nothing(house: House, seller: Seller) -> None:
    bed, rug = await seller.sells(), await seller.sells()
    for _ in range(2):
        await buy(house.http, bed, rug, card="pm_card_declined")
    called_off = await buy(house.http, bed, rug)
    [order] = (await called_off.read("/api/orders"))["items"]
    expect(200, await called_off.cancel(order["orderId"]))
    last = await buy(house.http, bed, rug)
    assert await beside(last, seller, bed) == ("popular", [rug])


async def test_only_what_can_be_had(house: House, seller: Seller) -> None:
    bed, sold_out, gone, rug = [await seller.sells(stock=2) for _ in range(4)]
    await seller.receives(bed, 10)
    await seller.receives(gone, 10)
    await seller.receives(rug, 10)
    for _ in range(2):
        last = await buy(house.http, bed, sold_out, gone, rug)
    await seller.shopper.do("DELETE", f"/api/products/{seller.products[gone]}")
    last.position = seller.shopper.position
    assert await beside(last, seller, bed) == ("also_bought", [rug])


@pytest.mark.own_house
async def test_what_sells_in_the_category_stands_in(house: House, seller: Seller, visitor: Shopper) -> None:
    bed, new = await seller.sells(), await seller.sells()
    lamp = await seller.describes("Lamp", category=["Light", "Lamps"])
    await seller.sells(sku=lamp)
    for _ in range(2):
        await buy(house.http, lamp)
    last = await buy(house.http, bed)
    assert await beside(last, seller, new) == ("popular", [bed])
    torch = await seller.describes("Torch", category=["Light", "Torches"])
    elsewhere = await seller.describes("Pen", category=["Office"])
    visitor.position = seller.shopper.position
    assert await beside(visitor, seller, torch) == ("popular", [lamp]), "of the nearest broader category"
    assert await beside(visitor, seller, elsewhere) == ("popular", [lamp, bed]), "or of all"


async def test_limits_and_nonsense(house: House, seller: Seller) -> None:
    skus = [await seller.sells() for _ in range(4)]
    for _ in range(2):
        last = await buy(house.http, *skus)
    assert len((await beside(last, seller, skus[0], "?limit=2"))[1]) == 2
    path = f"/api/products/{seller.products[skus[0]]}/also-bought"
    for query in ("?limit=0", "?limit=21", "?limit=x"):
        problem(await last.send("GET", path + query), 422, "validation_failed")
    problem(await last.send("GET", "/api/products/prd_1/also-bought"), 404, "not_found")


async def test_nothing_was_ever_sold(seller: Seller, visitor: Shopper) -> None:
    sku = await seller.sells()
    visitor.position = seller.shopper.position
    assert await beside(visitor, seller, sku) == ("popular", [])
