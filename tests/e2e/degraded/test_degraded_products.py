"""Product pages while the views are away: from the index, or from the log."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.degraded.answers import but, degraded
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper, problem


@pytest.mark.parametrize("noticed", [True, False])
async def test_a_product_is_shown_as_the_index_keeps_it(
    house: House, visitor: Shopper, seller: Seller, beds: list[str], servers: Servers, noticed: bool
):
    other = await open_shop(seller.shopper.http, "Südwald")
    sku = next(sku for sku, product_id in seller.products.items() if product_id == beds[0])
    await other.sells(stock=3, price=5000, sku=sku, shipsTo=["US", "DE"])
    visitor.position = other.shopper.position
    before = await visitor.read(f"/api/products/{beds[0]}")
    await visitor.read("/api/products?q=bed")
    servers.views.goes(noticed)
    house.app.state.reading.pages.clear()  # what is kept until somebody notices is still true of its position
    after = await degraded(
        visitor.send("GET", f"/api/products/{beds[0]}", Kontor_Min_Position=visitor.position), "products"
    )
    assert [offer["available"] for offer in before["offers"]] == [10, 3]
    assert [offer["available"] for offer in after["offers"]] == [6, 1], "at least so many"
    assert [offer["shopName"] for offer in after["offers"]] == ["Nordwald", "Südwald"]

    def but_units(body: dict[str, Any]) -> dict[str, Any]:
        offers = [but(offer, "available") for offer in body["offers"]]
        return {**body, "offers": offers, "bestOffer": offers[0]}

    assert but_units(after) == but_units(before)
    servers.views.comes_back()
    assert await visitor.do("GET", f"/api/products/{beds[0]}") == before


async def test_it_is_told_in_the_language_that_is_asked_for_there_too(
    visitor: Shopper, seller: Seller, beds: list[str], servers: Servers, house: House
):
    await seller.shopper.do("PATCH", f"/api/products/{beds[0]}", {"texts": {"de": {"title": "Eichenbett"}}})
    visitor.position = seller.shopper.position
    await visitor.read("/api/products?q=bed")
    servers.views.goes()
    house.app.state.reading.pages.clear()
    page = await visitor.send("GET", f"/api/products/{beds[0]}", Accept_Language="de")
    assert page.json()["title"] == "Eichenbett"
    found = await visitor.send("GET", "/api/products?q=eichenbett", Accept_Language="de")
    assert [item["title"] for item in found.json()["items"]] == ["Eichenbett"]
    headers = [(one.headers["Kontor-Degraded"], one.headers["content-language"][:2]) for one in (page, found)]
    assert headers == [("products", "de")] * 2


async def test_lists_and_categories_too(visitor: Shopper, beds: list[str], servers: Servers):
    paths = ("/api/products?q=bed", "/api/categories/Furniture/Beds", "/api/categories")
    before = [await visitor.read(path) for path in paths]
    servers.views.goes()
    for path, body in zip(paths, before, strict=True):
        assert await degraded(visitor.send("GET", path), "products") == body, path


async def test_an_index_that_is_behind_the_token_is_not_shown(
    visitor: Shopper, beds: list[str], servers: Servers, house: House
):
    servers.views.goes()
    answer = await visitor.send(
        "GET", f"/api/products/{beds[0]}", Kontor_Min_Position=str(await house.head() + 1), Prefer="wait=0"
    )
    problem(answer, 503, "position_not_reached")
    assert answer.headers["Kontor-Degraded"] == "products"


async def test_what_the_index_has_not_got_is_looked_for_in_the_log(
    visitor: Shopper, seller: Seller, beds: list[str], servers: Servers, house: House
):
    await seller.shopper.do("DELETE", f"/api/products/{beds[0]}", status=200)
    visitor.position = seller.shopper.position
    before = await visitor.read(f"/api/products/{beds[0]}")
    servers.views.goes()
    assert await degraded(visitor.send("GET", f"/api/products/{beds[0]}"), "products") == before
    assert before["discontinued"]
    for nothing in ("prd_01KARQ0000ABCDEFGHJKMNPQRS", "prd_%00", "ord_1"):
        problem(await visitor.send("GET", f"/api/products/{nothing}"), 404, "not_found")

    async def nothing_yet(product_ids: Any) -> dict[str, Any]:
        return {}

    house.services.catalog.on_sale = nothing_yet
    problem(await visitor.send("GET", f"/api/products/{beds[1]}"), 503, "storage_unavailable")


async def test_without_views_and_search_a_product_is_a_503(visitor: Shopper, beds: list[str], servers: Servers):
    servers.views.goes()
    servers.search.goes()
    for path in (f"/api/products/{beds[0]}", "/api/categories", "/api/categories/Furniture"):
        answer = await visitor.send("GET", path)
        assert "products" in problem(answer, 503, "storage_unavailable")["detail"], path
