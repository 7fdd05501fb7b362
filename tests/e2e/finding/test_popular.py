"""What sells: at all, in a category, and only what can be had."""

from __future__ import annotations

import pytest

from tests.e2e.buying.schedules import scheduled
from tests.e2e.finding.buyers import buy
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem


async def popular(who: Shopper, query: str = "") -> list[str]:
    found = await who.read(f"/api/popular{query}")
    assert (found["next"], found["prev"]) == (None, None)
    return [item["sku"] for item in found["items"]]


@pytest.mark.own_house
async def test_what_is_in_most_orders_comes_first(house: House, seller: Seller) -> None:
    bed, rug = await seller.sells(), await seller.sells()
    lamp = await seller.sells(sku=await seller.describes("Lamp", category=["Light", "Lamps"]))
    last_one = await seller.sells(stock=1)
    for skus in ((rug, bed), (rug, lamp), (rug,), (bed,), (last_one,)):
        last = await buy(house.http, *skus)
    await buy(house.http, lamp, card="pm_card_declined")
    assert await popular(last) == [rug, bed, lamp], "without what is sold out, and orders count that were paid"
    assert await popular(last, "?category=Light") == [lamp]
    assert await popular(last, "?category=Furniture/Beds&limit=1") == [rug]
    assert await popular(last, "?category=Light/Torches") == [lamp], "of the nearest broader category"
    assert await popular(last, "?category=Nothing/Here") == [rug, bed, lamp], "or of all"


async def test_nonsense(visitor: Shopper) -> None:
    for query in ("?limit=0", "?limit=51", "?limit=x", f"?category={'a' * 501}"):
        problem(await visitor.send("GET", f"/api/popular{query}"), 422, "validation_failed")


async def test_anybody_may_hold_it_for_a_minute(visitor: Shopper) -> None:
    answer = await visitor.send("GET", "/api/popular")
    assert (answer.json()["items"], answer.headers["Cache-Control"]) == ([], "public, max-age=60")
    assert answer.headers["Vary"] == "Kontor-Min-Position, Accept-Language", "whoever names a position asks the service"


@pytest.mark.own_house
async def test_but_not_beyond_the_end_of_a_price(house: House, seller: Seller, visitor: Shopper) -> None:
    sku = await seller.sells(20, 2000, prices=[scheduled(1500, starts=-60, ends=30)])
    await buy(house.http, sku)
    other = seller.products[await seller.sells()]
    visitor.position = seller.shopper.position
    for path in ("/api/popular", f"/api/products/{other}/also-bought"):
        assert [item["sku"] for item in (await visitor.read(path))["items"]] == [sku]
        held = (await visitor.send("GET", path)).headers["Cache-Control"]
        assert 0 <= int(held.removeprefix("public, max-age=")) < 30
