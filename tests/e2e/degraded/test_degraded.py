"""What the services answer while one of their stores is away, and that the answers say so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from readapi.fallback.lastgood import REFRESH_S
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper, expect, problem


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
async def house(tmp_path: Path, servers: Servers) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", prepare=servers.put_between) as house:
        yield house


@pytest.fixture
async def ordered(house: House, seller: Seller, shopper: Shopper) -> list[str]:
    sku = await seller.sells(stock=10, price=1999)
    shopper.position = seller.shopper.position
    orders = []
    for _ in range(3):
        await shopper.add(sku)
        orders.append((await shopper.buy())["orderId"])
    return orders[::-1]


@pytest.fixture
async def beds(seller: Seller, visitor: Shopper) -> list[str]:
    """Twenty-five products in a category, whose first page everybody has seen; the newest first."""
    skus = [await seller.sells(stock=10, price=1000 + number) for number in range(25)]
    visitor.position = seller.shopper.position
    await visitor.read("/api/products?category=Furniture/Beds&limit=24")
    return [seller.products[sku] for sku in reversed(skus)]


def but(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def ids(body: dict[str, Any]) -> list[str]:
    return [item["productId"] for item in body["items"]]


async def degraded(asked: Any, part: str) -> Any:
    """The body of an answer that says it had to do without something."""
    answer: httpx.Response = await asked
    body = expect(200, answer)
    assert answer.headers["Kontor-Degraded"] == part
    assert "etag" not in answer.headers, "nobody keeps it"
    assert answer.headers["Cache-Control"] in ("no-cache", "no-store", "private, no-store")
    return body


# orders


@pytest.mark.parametrize("noticed", [True, False])
async def test_recent_orders_come_from_the_log(
    house: House, shopper: Shopper, ordered: list[str], servers: Servers, noticed: bool
):
    shopper.position = str(await house.head())
    before = await shopper.read("/api/orders")
    servers.orders.goes(noticed)
    after = await degraded(shopper.send("GET", "/api/orders", Kontor_Min_Position=shopper.position), "orders")
    assert [order["orderId"] for order in after["items"]] == ordered
    assert [but(order, "position") for order in after["items"]] == [but(order, "position") for order in before["items"]]
    paid = await shopper.read("/api/orders?status=PAID&limit=2")
    assert [order["orderId"] for order in paid["items"]] == ordered[:2]
    rest = await shopper.read(f"/api/orders?status=PAID&limit=2&cursor={paid['next']}")
    assert [order["orderId"] for order in rest["items"]] == ordered[2:]
    servers.orders.comes_back()
    answer = await shopper.send("GET", "/api/orders")
    assert "Kontor-Degraded" not in answer.headers


async def test_a_store_that_is_merely_behind_is_not_stood_in_for(house: House, shopper: Shopper, ordered: list[str]):
    head = await house.head()
    answer = await shopper.send("GET", "/api/orders", Kontor_Min_Position=str(head + 1), Prefer="wait=0")
    problem(answer, 503, "position_not_reached")
    assert "Kontor-Degraded" not in answer.headers


async def test_a_store_that_is_known_to_be_away_is_not_asked(shopper: Shopper, ordered: list[str], servers: Servers):
    servers.orders.goes()
    servers.views.goes()
    asked = servers.orders.asked, servers.views.asked
    await shopper.read("/api/orders")
    await shopper.read("/api/cart")
    assert (servers.orders.asked, servers.views.asked) == asked


async def test_what_only_the_store_knows_is_a_503_that_names_no_server(
    seller: Seller, ordered: list[str], servers: Servers
):
    servers.views.goes(noticed=False)
    answer = await seller.shopper.send("GET", f"/api/shops/{seller.shop_id}/ledger")
    body = problem(answer, 503, "storage_unavailable")
    assert "10.0.0.1" not in str(body)
    assert answer.headers["Retry-After"] == "1"


# search


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


# products


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
    told = [(one.headers["Kontor-Degraded"], one.headers["content-language"][:2]) for one in (page, found)]
    assert told == [("products", "de")] * 2


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


# carts and shops


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


# buying, and being ready


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
