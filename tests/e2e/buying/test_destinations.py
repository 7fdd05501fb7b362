"""What something costs where it is to go: in results, their filters, facets and order, and on its page."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, problem


class Sold(str):
    """The brand of two products: a bed that is dearer outside of the USA, and a lamp that costs the same everywhere."""

    bed: str
    lamp: str


@pytest.fixture
async def sold(house: House, seller: Seller, shopper: Shopper, visitor: Shopper) -> Sold:
    found = Sold(f"Brand-{uuid.uuid4().hex[:8]}")
    bed = await seller.describes("Bed", brand=found)
    lamp = await seller.describes("Lamp", brand=found)
    await seller.sells(10, 1000, bed, shipsTo=["US"])
    await seller.sells(10, 2500, lamp)
    other = await open_shop(house.http, "Elsewhere")
    other.shopper.position = seller.shopper.position
    await other.sells(10, 4000, bed, shipsTo=["DE", "FR"])
    shopper.position = visitor.position = other.shopper.position
    found.bed, found.lamp = seller.products[bed], seller.products[lamp]
    return found


async def prices(who: Shopper, query: str) -> list[tuple[str, int]]:
    items = (await who.read(f"/api/products?{query}"))["items"]
    return [(item["title"], item["price"]["amount"]) for item in items]


async def test_results_go_by_what_it_costs_there(sold: Sold, visitor: Shopper) -> None:
    there = f"brand={sold}&shipTo="
    assert await prices(visitor, f"{there}*&sort=price_asc") == [("Bed", 1000), ("Lamp", 2500)]
    assert await prices(visitor, f"{there}US-NY&sort=price_asc") == [("Bed", 1000), ("Lamp", 2500)]
    assert await prices(visitor, f"{there}DE&sort=price_asc") == [("Lamp", 2500), ("Bed", 4000)]
    assert await prices(visitor, f"{there}JP") == [("Lamp", 2500)]
    assert await prices(visitor, f"{there}FR&priceMin=3000") == [("Bed", 4000)]
    assert await prices(visitor, f"{there}US&priceMin=3000") == []
    facets = (await visitor.read(f"/api/products?{there}DE"))["facets"]
    assert sum(bucket["count"] for bucket in facets["price"]) == 2
    [card] = [one for one in (await visitor.read(f"/api/products?{there}DE"))["items"] if one["title"] == "Bed"]
    assert (card["offers"], card["inStock"]) == (1, True)


async def test_the_page_names_the_best_offer_there_and_all_others_behind_it(sold: Sold, visitor: Shopper) -> None:
    path = f"/api/products/{sold.bed}"

    async def page(query: str = "") -> tuple[Any, list[int]]:
        shown = await visitor.read(path + query)
        best = shown["bestOffer"]["price"]["amount"] if shown["bestOffer"] else None
        assert (shown["price"] or {}).get("amount") == best
        assert shown["inStock"] is (best is not None)
        return best, [offer["price"]["amount"] for offer in shown["offers"]]

    assert await page() == (1000, [1000, 4000])
    assert await page("?shipTo=DE") == (4000, [4000, 1000])
    assert await page("?shipTo=US-CA") == (1000, [1000, 4000])
    assert await page("?shipTo=JP") == (None, [1000, 4000])
    assert await page("?shipTo=*") == (1000, [1000, 4000])
    problem(await visitor.send("GET", f"{path}?shipTo=Berlin"), 422, "validation_failed")
    problem(await visitor.send("GET", f"{path}?shipTo=DE&colour=red"), 422, "validation_failed")


async def test_an_account_is_shown_what_goes_to_its_newest_address(
    sold: Sold, shopper: Shopper, visitor: Shopper
) -> None:
    path = f"/api/products/{sold.bed}"
    berlin = {"name": "Ada", "line1": "Allee 1", "city": "Berlin", "postalCode": "10115", "country": "DE"}
    await shopper.do("POST", "/api/me/addresses", berlin, 201)
    assert await prices(shopper, f"brand={sold}&sort=price_asc") == [("Lamp", 2500), ("Bed", 4000)]
    own = await shopper.send("GET", path, Kontor_Min_Position=shopper.position)
    assert (own.json()["price"]["amount"], own.headers["cache-control"]) == (4000, "private, no-cache")
    assert "Authorization" in own.headers["vary"]
    assert (await shopper.read(f"{path}?shipTo=US"))["price"]["amount"] == 1000
    assert (await visitor.read(path))["price"]["amount"] == 1000
    lamp = await shopper.send("GET", f"/api/products/{sold.lamp}", Kontor_Min_Position=shopper.position)
    assert lamp.headers["cache-control"] == "public, max-age=0, must-revalidate", "it is the same for everybody"
    again = await shopper.send("GET", path, If_None_Match=own.headers["etag"])
    assert (again.status_code, again.headers["cache-control"]) == (304, "private, no-cache")


async def test_it_follows_the_offers(sold: Sold, seller: Seller, visitor: Shopper) -> None:
    path = f"/api/products/{sold.bed}?shipTo=DE"
    assert (await visitor.read(path))["price"]["amount"] == 4000
    sku = next(sku for sku, product_id in seller.products.items() if product_id == sold.bed)
    await seller.offers(sku, 3900)
    visitor.position = seller.shopper.position
    assert (await visitor.read(path))["price"]["amount"] == 3900
    assert await prices(visitor, f"brand={sold}&shipTo=DE&priceMax=3900&sort=price_desc") == [
        ("Bed", 3900),
        ("Lamp", 2500),
    ]
