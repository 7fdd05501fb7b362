"""Product pages, lists and type-ahead over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commands.context import system_context
from domain.inventory.inventory import HoldStock
from projections.search.port import SearchUnavailable
from readapi.edge.problems import BadParameter
from readapi.productquery import parse
from tests.embedded import Kontor, kontor, pointers, since


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Kontor]:
    async with kontor(tmp_path) as built:
        yield built


async def read(house: Kontor, path: str, position: str = "0", **headers: str) -> Any:
    response = await house.client().get(path, headers={**since(position), **headers})
    assert response.status_code == 200, response.text
    assert int(response.headers["Kontor-Position"]) >= int(position)
    return response.json()


async def test_a_page_shows_the_product_and_every_sellers_offer(house: Kontor):
    first, second = await house.merchant("Nordwald"), await house.merchant("Sund")
    product_id, _ = await first.sell(amount=50_000, units=200)
    await second.offer("BED-160", 40_000, listPrice={"amount": 60_000, "currency": "USD"}, shipsTo=["US"])
    position = (await second.receive("BED-160", 3))["position"]

    page = await read(house, f"/api/products/{product_id}", position)

    assert page["title"] == "Oak bed"
    [variant] = page["variants"]
    assert (variant["sku"], variant["attributes"]) == ("BED-160", {"width_cm": 160})
    assert (variant["price"]["amount"], variant["offers"], variant["inStock"]) == (40_000, 2, True)
    shown = [(o["shopName"], o["price"]["amount"], o["available"], o["lowStock"]) for o in page["offers"]]
    assert shown == [("Sund", 40_000, 3, True), ("Nordwald", 50_000, 100, False)]
    assert page["offers"][0]["shipsTo"] == ["US"]
    assert page["bestOffer"] == page["offers"][0]
    assert page["price"] == {"amount": 40_000, "currency": "USD"}
    assert page["availability"] == {"inStock": True, "lowStock": False}
    assert (page["rating"], page["version"], page["discontinued"]) == (None, 1, False)
    assert page["createdAt"].endswith("Z")


async def test_the_best_offer_is_the_cheapest_that_is_in_stock(house: Kontor):
    first, second = await house.merchant(), await house.merchant()
    product_id, _ = await first.sell(amount=50_000)
    position = (await second.offer("BED-160", 10_000))["position"]

    page = await read(house, f"/api/products/{product_id}", position)

    assert page["price"]["amount"] == 50_000
    assert [offer["inStock"] for offer in page["offers"]] == [True, False]


async def test_a_product_nobody_sells_has_no_price(house: Kontor):
    made = await (await house.merchant()).create()
    page = await read(house, f"/api/products/{made['productId']}", made["position"])
    assert (page["price"], page["bestOffer"], page["offers"], page["inStock"]) == (None, None, [], False)


@pytest.mark.parametrize("product_id", ["prd_01M83QX66MNSSWQQTEDAWK86J1", "nonsense", "%00", "%F0%9F"])
async def test_an_unknown_product_is_a_problem(house: Kontor, product_id: str):
    response = await house.client().get(f"/api/products/{product_id}")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


async def test_pages_change_with_everything_they_show(house: Kontor):
    merchant = await house.merchant()
    product_id, position = await merchant.sell(units=1)
    path = f"/api/products/{product_id}"
    await read(house, path, position)
    steps: list[tuple[str, str, Any, Any]] = [
        ("PATCH", path, {"title": "Pine bed"}, lambda page: page["title"] == "Pine bed"),
        (
            "PUT",
            f"/api/offers/{merchant.shop_id}/BED-160",
            {"price": {"amount": 7_000, "currency": "USD"}},
            lambda page: page["price"]["amount"] == 7_000,
        ),
        (
            "POST",
            f"/api/inventory/{merchant.shop_id}/BED-160/adjust",
            {"quantity": -1},
            lambda page: not page["inStock"],
        ),
        (
            "PATCH",
            f"/api/shops/{merchant.shop_id}",
            {"name": "Südwald"},
            lambda page: page["offers"][0]["shopName"] == "Südwald",
        ),
        ("DELETE", f"/api/offers/{merchant.shop_id}/BED-160", None, lambda page: page["offers"] == []),
        ("DELETE", path, None, lambda page: page["discontinued"]),
    ]
    for method, where, body, shown in steps:
        position = (await merchant.done(method, where, body))["position"]
        assert shown(await read(house, path, position)), (method, where)


async def test_a_new_sellers_offer_appears_on_a_cached_page(house: Kontor):
    product_id, position = await (await house.merchant()).sell()
    await read(house, f"/api/products/{product_id}", position)
    position = (await (await house.merchant()).offer("BED-160", 1))["position"]
    assert len((await read(house, f"/api/products/{product_id}", position))["offers"]) == 2


async def test_an_expired_hold_shows_without_any_event(house: Kontor):
    merchant = await house.merchant()
    product_id, _ = await merchant.sell(units=1)
    now = house.clock.at = house.clock()
    hold = HoldStock(f"stk_{merchant.shop_id}.BED-160", "ord_1", 1, now, now + 60_000)
    position = str((await house.services.engine.submit(hold, system_context("test", now))).position)
    path = f"/api/products/{product_id}"

    assert not (await read(house, path, position))["inStock"]
    house.clock.at = now + 59_999
    assert not (await read(house, path))["inStock"]
    house.clock.at = now + 60_000
    assert (await read(house, path))["inStock"]


async def test_an_unchanged_page_is_not_sent_again(house: Kontor):
    merchant = await house.merchant()
    product_id, position = await merchant.sell()
    client, path = house.client(), f"/api/products/{product_id}"
    first = await client.get(path, headers=since(position))

    again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    position = (await merchant.receive("BED-160", 1))["position"]
    changed = await client.get(path, headers={"If-None-Match": first.headers["ETag"], **since(position)})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "must-revalidate" in again.headers["Cache-Control"]
    assert first.headers["Surrogate-Key"] == f"{product_id} {merchant.shop_id}"
    assert first.headers["Cache-Tag"] == f"{product_id},{merchant.shop_id}"
    assert first.headers["Surrogate-Control"] == "max-age=30, stale-while-revalidate=30"
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


async def test_a_search_shows_what_was_written_before_the_position_it_names(house: Kontor):
    merchant = await house.merchant()
    product_id, position = await merchant.sell(units=3)

    [item] = (await read(house, "/api/products?q=oak+beds", position))["items"]

    assert item == {
        "productId": product_id,
        "sku": "BED-160",
        "skus": ["BED-160"],
        "title": "Oak bed",
        "brand": "Nordwald",
        "category": ["Furniture", "Beds"],
        "image": "https://img.example/bed.jpg",
        "price": {"amount": 49_900, "currency": "USD"},
        "offers": 1,
        "rating": None,
        "inStock": True,
        "lowStock": True,
    }


async def test_a_discontinued_product_is_in_no_list_but_can_be_read(house: Kontor):
    merchant = await house.merchant()
    product_id, position = await merchant.sell()
    assert (await read(house, "/api/products?q=bed", position))["total"] == 1

    position = (await merchant.done("DELETE", f"/api/products/{product_id}"))["position"]

    assert (await read(house, "/api/products?q=bed", position))["items"] == []
    assert (await read(house, "/api/categories", position))["items"] == []
    page = await read(house, f"/api/products/{product_id}", position)
    assert (page["discontinued"], page["offers"], page["version"]) == (True, [], 2)


async def beds(house: Kontor, number: int) -> str:
    merchant = await house.merchant()
    position = "0"
    for i in range(number):
        _, position = await merchant.sell(
            amount=1_000 * (i + 1),
            title=f"Bed number {i}",
            brand=f"Brand {i % 2}",
            attributes={"color": ("red", "green", "blue")[i % 3]},
            variants=[{"sku": f"BED-{i}"}],
        )
    return position


FILTERED: list[tuple[str, list[int]]] = [
    ("brand=Brand+0", [0, 2, 4]),
    ("brand=Brand+0&brand=Brand+1", [0, 1, 2, 3, 4, 5]),
    ("priceMin=2000&priceMax=3000", [1, 2]),
    ("attr.color=red", [0, 3]),
    ("attr.color=red&attr.color=blue&brand=Brand+0", [0, 2]),
    ("category=Furniture/Beds&inStock=true", [0, 1, 2, 3, 4, 5]),
    ("category=Furniture/Sofas", []),
    ("inStock=false", []),
    ("shipTo=US", [0, 1, 2, 3, 4, 5]),
    ("sort=price_desc&limit=2", [5, 4]),
    ("sort=price_asc&limit=2&page=2", [2, 3]),
]


async def test_filters_sort_and_pages(house: Kontor):
    await read(house, "/api/products", await beds(house, 6))
    for query, expected in FILTERED:
        sort = "" if "sort=" in query else "&sort=price_asc"
        items = (await read(house, f"/api/products?{query}{sort}"))["items"]
        assert [item["sku"] for item in items] == [f"BED-{i}" for i in expected], query


async def test_a_list_is_walked_by_its_cursors(house: Kontor):
    position = await beds(house, 5)
    path, seen = "/api/products?sort=price_asc&limit=2", []
    page = await read(house, path, position)
    while True:
        seen += [item["sku"] for item in page["items"]]
        if page["next"] is None:
            break
        page = await read(house, f"{path}&cursor={page['next']}")
    back = await read(house, f"{path}&cursor={page['prev']}")
    assert seen == [f"BED-{i}" for i in range(5)]
    assert [item["sku"] for item in back["items"]] == ["BED-2", "BED-3"]


async def test_facets_count_what_another_filter_would_leave(house: Kontor):
    position = await beds(house, 6)
    page = await read(house, "/api/products?brand=Brand+0", position)
    assert page["total"] == 3
    assert page["facets"]["brand"] == [{"value": "Brand 0", "count": 3}, {"value": "Brand 1", "count": 3}]
    assert page["facets"]["category"][0] == {"value": "Furniture", "count": 3}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("colour=red", "colour"),
        ("attr.=red", "attr."),
        ("q=a&q=b", "q"),
        ("priceMin=1.5", "priceMin"),
        ("priceMin=-1", "priceMin"),
        ("priceMax=99999999999999", "priceMax"),
        ("ratingMin=6", "ratingMin"),
        ("ratingMin=nan", "ratingMin"),
        ("inStock=maybe", "inStock"),
        ("shipTo=usa", "shipTo"),
        ("sort=cheap", "sort"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("page=0", "page"),
        ("page=101&limit=100", "page"),
        ("page=1&cursor=abc", "page"),
        ("cursor=", "cursor"),
        ("q=" + "x" * 501, "q"),
        ("&".join(f"brand={i}" for i in range(101)), "query"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_by_name(query: str, named: str):
    with pytest.raises(BadParameter) as refused:
        parse(query.encode())
    assert refused.value.entry["parameter"] == named


async def test_an_unknown_parameter_is_a_problem(house: Kontor):
    response = await house.client().get("/api/products?colour=red")
    assert response.status_code == 422
    assert pointers(response) == ["colour"]
    assert pointers(await house.client().get("/api/products?cursor=abc")) == ["cursor"]


async def test_odd_texts_are_searches_like_others(house: Kontor):
    for text in ("%00", "%FF%FE", "", "%22%28%5B%7E%2A", "%C3%A9" * 200):
        for name in ("q", "brand", "category", "attr.x"):
            assert (await house.client().get(f"/api/products?{name}={text}")).status_code == 200, (name, text)


async def test_type_ahead(house: Kontor):
    _, position = await (await house.merchant()).sell()
    found = await read(house, "/api/products/suggest?q=oa", position)
    assert [item["text"] for item in found["items"]] == ["Oak bed"]
    assert pointers(await house.client().get("/api/products/suggest")) == ["q"]


async def test_a_position_that_is_not_reached_in_time_is_never_answered_with_less(house: Kontor):
    product_id, _ = await (await house.merchant()).sell()
    head = await house.head()
    for path in (f"/api/products/{product_id}", "/api/products?q=bed", "/api/categories"):
        response = await house.client().get(path, headers=since(str(head + 1), wait=0))
        assert response.status_code == 503, path
        assert response.json()["code"] == "position_not_reached"
        assert int(response.json()["reached"]) <= head
        assert "Retry-After" in response.headers


async def test_a_malformed_position_is_refused(house: Kontor):
    response = await house.client().get("/api/categories", headers={"Kontor-Min-Position": "soon"})
    assert response.status_code == 422
    assert pointers(response) == ["Kontor-Min-Position"]


async def test_search_that_is_away_is_told_and_product_pages_go_on(house: Kontor, monkeypatch: pytest.MonkeyPatch):
    def away(*_: object, **__: object) -> None:
        raise SearchUnavailable("connection refused")

    shop = await house.merchant()
    product_id, position = await shop.sell()
    for name in ("search", "suggest"):
        monkeypatch.setattr(house.services.search, name, away)
    response = await house.client().get("/api/products?q=bed")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1"), response.text
    assert response.json()["code"] == "storage_unavailable"
    suggested = await house.client().get("/api/products/suggest?q=be")
    assert (suggested.status_code, suggested.headers["Kontor-Degraded"]) == (200, "search")
    monkeypatch.undo()
    page = await house.client().get(f"/api/products/{product_id}", headers=since(position))
    assert page.status_code == 200
    assert (await house.client().get("/api/products?q=bed")).status_code == 200, "the failure is not remembered"
