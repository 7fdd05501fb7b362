"""The rule of the best offer, as docs/catalog.md tells it: the same on pages, in lists, in searches and in carts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper


class Offered(NamedTuple):
    price: int
    stock: int = 5
    currency: str = "USD"
    terms: dict[str, Any] = {}


OFFERS: dict[str, tuple[Sequence[Offered], int]] = {
    "the cheapest": ([Offered(2000), Offered(1500), Offered(1800)], 1),
    "in stock before sold out": ([Offered(500, stock=0), Offered(2000)], 1),
    "on order is as good as in stock": ([Offered(2000), Offered(1500, 0, terms={"backorder": True})], 1),
    "if nobody has it, the cheapest": ([Offered(2000, stock=0), Offered(1500, stock=0)], 1),
    "of equal ones the shop that was opened first": ([Offered(2000), Offered(2000, stock=50)], 0),
    "and before that by currency, without converting": ([Offered(2000), Offered(2000, currency="EUR")], 1),
    "a list price says nothing": ([Offered(2000), Offered(2100, terms={"listPrice": 9900})], 0),
}


async def sold(house: House, offers: Sequence[Offered]) -> tuple[list[Seller], str]:
    """By a shop each, in the order of their opening."""
    shops = [await open_shop(house.http, f"Shop {n}", "US", one.currency) for n, one in enumerate(offers)]
    sku = await shops[0].describes()
    for shop, one in zip(shops, offers, strict=True):
        terms = dict(one.terms)
        if "listPrice" in terms:
            terms["listPrice"] = {"amount": terms["listPrice"], "currency": one.currency}
        await shop.sells(one.stock, one.price, sku, **terms)
    return shops, sku


@pytest.mark.own_house
@pytest.mark.parametrize("name", OFFERS)
async def test_the_best_offer_is_the_same_wherever_it_is_told(house: House, visitor: Shopper, name: str) -> None:
    offers, best = OFFERS[name]
    shops, sku = await sold(house, offers)
    product_id = shops[0].products[sku]
    visitor.position = shops[-1].shopper.position
    page = await visitor.read(f"/api/products/{product_id}")
    assert page["bestOffer"]["shopId"] == shops[best].shop_id
    assert page["bestOffer"] == page["offers"][0]
    price = {"amount": offers[best].price, "currency": offers[best].currency}
    [card] = (await visitor.read("/api/products"))["items"]
    [found] = (await visitor.read("/api/products?q=oak&sort=price_asc"))["items"]
    assert page["price"] == card["price"] == found["price"] == price
    if offers[best].stock or offers[best].terms.get("backorder"):
        [line] = (await visitor.add(sku))["lines"]
        assert line["shopId"] == shops[best].shop_id
