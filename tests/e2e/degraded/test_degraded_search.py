"""Lists and suggestions while the search index is away: the last good page, with prices of today."""

from __future__ import annotations

import pytest

from readapi.fallback.lastgood import REFRESH_S
from tests.e2e.degraded.answers import but, degraded, ids
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper, expect, problem


@pytest.mark.parametrize("noticed", [True, False])
async def test_a_category_shows_its_last_good_page(visitor: Shopper, beds: list[str], servers: Servers, noticed: bool):
    before = await visitor.read("/api/products?category=Furniture/Beds&limit=24")
    page_before = await visitor.read("/api/categories/Furniture/Beds")
    servers.search.goes(noticed)
    forgotten = "&inStock="  # a query that nobody asked before would have to be searched
    problem(
        await visitor.send("GET", f"/api/products?category=Furniture/Beds{forgotten}true"), 503, "storage_unavailable"
    )
    after = await degraded(visitor.send("GET", "/api/products?category=Furniture%2FBeds&limit=100"), "search")
    assert ids(after) == ids(before) == beds[:24]
    assert (after["next"], after["prev"]) == (None, None)
    assert but(after, "items", "next") == but(before, "items", "next")
    assert len(ids(await visitor.read("/api/products?category=Furniture%2FBeds&limit=5"))) == 5
    servers.search.comes_back()
    answer = await visitor.send("GET", "/api/categories/Furniture/Beds")
    assert but(expect(200, answer), "products") == but(page_before, "products")
    assert "Kontor-Degraded" not in answer.headers


async def test_so_does_the_landing_page_with_its_age(visitor: Shopper, beds: list[str], servers: Servers, house: House):
    await visitor.read("/api/products")
    await visitor.read("/api/categories/Furniture")
    made_at = house.services.clock()
    servers.search.goes()
    house.app.state.reading.searches._found._answers.clear()  # so that it is not remembered
    house.services.clock = lambda: made_at + 90_000
    answer = await visitor.send("GET", "/api/products")
    assert ids(await degraded(visitor.send("GET", "/api/products"), "search")) == beds[:20]
    assert 90 <= int(answer.headers["Age"]) <= 91
    page = await degraded(visitor.send("GET", "/api/categories/Furniture"), "search")
    assert ids(page["products"]) == beds[:24]


async def test_prices_on_a_last_good_page_are_todays(
    visitor: Shopper, seller: Seller, beds: list[str], servers: Servers
):
    servers.search.goes()
    sku = next(sku for sku, product_id in seller.products.items() if product_id == beds[0])
    await seller.offers(sku, 77)
    await seller.shopper.read(f"/api/products/{beds[0]}")
    after = await visitor.do("GET", "/api/products?category=Furniture%2FBeds")
    assert after["items"][0]["price"]["amount"] == 77


async def test_a_last_good_page_is_not_shown_to_whoever_has_seen_more(
    visitor: Shopper, seller: Seller, beds: list[str], servers: Servers
):
    servers.search.goes()
    await seller.describes()
    position = seller.shopper.position
    answer = await visitor.send("GET", "/api/products?category=Furniture%2FBeds", Kontor_Min_Position=position)
    reached = problem(answer, 503, "position_not_reached")["reached"]
    assert int(reached) < int(position)
    assert answer.headers["Retry-After"] == "1"
    shown = await degraded(
        visitor.send("GET", "/api/products?category=Furniture%2FBeds", Kontor_Min_Position=reached), "search"
    )
    assert ids(shown)


@pytest.mark.parametrize(
    "query",
    ["q=bed", "category=Furniture/Beds&q=oak", "category=Furniture/Beds&sort=price_asc", "category=Nowhere", "page=2"],
)
async def test_what_no_last_good_page_answers_is_a_503_that_says_what_is_away(
    visitor: Shopper, beds: list[str], servers: Servers, query: str
):
    servers.search.goes()
    answer = await visitor.send("GET", f"/api/products?{query}")
    assert "search" in problem(answer, 503, "storage_unavailable")["detail"]
    assert answer.headers["Kontor-Degraded"] == "search"
    assert int(answer.headers["Retry-After"]) >= 1


async def test_of_suggestions_the_categories_stay(visitor: Shopper, beds: list[str], servers: Servers):
    path = "/api/products/suggest?q={}"
    before = (await visitor.read(path.format("be")))["items"]
    categories = [item for item in before if item["kind"] == "category"]
    assert len(before) > len(categories) == 1
    servers.search.goes()
    assert (await visitor.read(path.format("be")))["items"] == before, "what was asked before is remembered"
    assert (await degraded(visitor.send("GET", path.format("bed")), "search"))["items"] == categories
    assert (await degraded(visitor.send("GET", path.format("furniture+be")), "search"))["items"] == categories
    for nothing in ("oak+be", "edb", ""):
        assert (await degraded(visitor.send("GET", path.format(nothing)), "search"))["items"] == [], nothing
    servers.views.goes()
    problem(await visitor.send("GET", path.format("bed")), 503, "storage_unavailable")


async def test_what_was_found_before_is_still_the_answer_for_its_position(
    visitor: Shopper, beds: list[str], servers: Servers
):
    before = await visitor.read("/api/products?q=bed")
    servers.search.goes()
    answer = await visitor.send("GET", "/api/products?q=bed")
    assert expect(200, answer) == before
    assert "Kontor-Degraded" not in answer.headers


async def test_a_page_is_kept_again_when_it_is_old_and_by_one_request_of_many(
    visitor: Shopper, beds: list[str], servers: Servers, house: House
):
    pages, last_good = house.services.last_pages, house.app.state.reading.last_good
    first = pages.pages["Furniture\x1fBeds"]
    await visitor.read("/api/products?category=Furniture/Beds&limit=24&inStock=true")
    await visitor.read("/api/products?category=Furniture/Beds&limit=2")
    assert list(pages.pages) == ["Furniture\x1fBeds"], "neither what is narrower nor less than a page"
    now = last_good._now()
    last_good._now = lambda: now + REFRESH_S
    servers.views.asked = 0
    kept = servers.views.asked
    for _ in range(3):
        await visitor.read("/api/products?category=Furniture/Beds&limit=24")
    assert servers.views.asked == kept + 3 + 1, "each for the names of its sellers, one for the page"
    assert pages.pages["Furniture\x1fBeds"] != first
