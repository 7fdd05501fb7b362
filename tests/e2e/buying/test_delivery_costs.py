"""What delivery costs and how long it takes, told on the product's page before anything is in a cart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, latest, problem


async def costs_of(who: Shopper, seller: Seller, sku: str, query: str = "") -> dict[str, dict[str, Any]]:
    """By shop."""
    found = await who.read(f"/api/products/{seller.products[sku]}/delivery{query}")
    return {one["shopId"]: one for one in found["items"]}


async def test_it_is_what_the_quote_will_say(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    await shopper.add(sku, 3)
    [found] = (await costs_of(shopper, seller, sku, "?quantity=3")).values()
    assert found["methods"] == (await shopper.quote())["methods"]
    assert (found["sku"], found["shipsFrom"], found["shipTo"]) == (sku, "US", "US")


async def test_it_depends_on_where_it_goes_and_comes_from(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    other = await open_shop(house.http, "Kiefer & Co", "DE", "EUR")
    await other.sells(10, 1800, sku=sku, shipsTo=["DE", "FR"])
    shopper.position = latest(shopper.position, other.shopper.position)
    there = await costs_of(shopper, seller, sku, "?shipTo=FR")
    home = await costs_of(shopper, seller, sku)
    assert (
        there[seller.shop_id]["methods"][0]["amount"]["amount"] > home[seller.shop_id]["methods"][0]["amount"]["amount"]
    )
    assert there[seller.shop_id]["methods"][0]["daysMin"] > home[seller.shop_id]["methods"][0]["daysMin"]
    assert there[other.shop_id]["methods"][0]["amount"]["currency"] == "EUR"
    assert home[other.shop_id]["methods"] == [], "it does not ship to the US"
    anywhere = await costs_of(shopper, seller, sku, "?shipTo=*")
    assert [one["shipTo"] for one in anywhere.values()] == [one["shipsFrom"] for one in anywhere.values()]
    page = await shopper.read(f"/api/products/{seller.products[sku]}?shipTo=FR")
    assert [one["shopId"] for one in page["offers"]] == list(there), "in the order of the page"


async def test_a_visitor_hears_of_each_shops_own_country(house: House, seller: Seller) -> None:
    sku = await seller.sells()
    [found] = (await costs_of(Shopper(house.http, position=seller.shopper.position), seller, sku)).values()
    assert (found["shipTo"], len(found["methods"])) == ("US", 2)


@pytest.mark.parametrize(
    "query", ["shipTo=XX", "shipTo=usa", "quantity=0", "quantity=1000", "quantity=x", "quantity=%C2%B2", "page=1"]
)
async def test_what_makes_no_sense_is_refused(seller: Seller, shopper: Shopper, query: str) -> None:
    sku = await seller.sells()
    problem(
        await shopper.send("GET", f"/api/products/{seller.products[sku]}/delivery?{query}"), 422, "validation_failed"
    )


async def test_of_what_nobody_may_see_there_is_nothing(seller: Seller, shopper: Shopper) -> None:
    problem(await shopper.send("GET", "/api/products/prd_1/delivery"), 404, "not_found")
    draft = await seller.describes(status="draft")
    problem(await shopper.send("GET", f"/api/products/{seller.products[draft]}/delivery"), 404, "not_found")
