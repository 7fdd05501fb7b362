"""Reviews: by buyers alone, one each, seen in lists, on the page and in search; their words go with the person."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from streams.standins.recentorders import order_ids_of
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, fresh_key, problem, sign_up


@pytest.fixture
async def sku(seller: Seller) -> str:
    return await sells(seller)


async def sells(seller: Seller) -> str:
    return await seller.sells(50, sku=await seller.describes(brand=brand_of(seller)))


def brand_of(seller: Seller) -> str:
    """Nobody else's, so that a search for it finds nothing else."""
    return f"Nordwald-{seller.shop_id}"


async def bought(http: httpx.AsyncClient, sku: str, card: str = "pm_card_visa") -> Shopper:
    """Somebody who has."""
    shopper = await (await sign_up(http)).move_in(card)
    await shopper.add(sku)
    await shopper.buy()
    return shopper


async def review(who: Shopper, seller: Seller, sku: str, rating: int, **words: str) -> httpx.Response:
    path = f"/api/products/{seller.products[sku]}/reviews"
    return await who.send("POST", path, {"rating": rating, **words})


async def reviews(who: Shopper, seller: Seller, sku: str, query: str = "") -> Any:
    return await who.read(f"/api/products/{seller.products[sku]}/reviews{query}")


async def test_from_the_purchase_to_the_rating(house: House, seller: Seller, sku: str) -> None:
    ada, bob = await bought(house.http, sku), await bought(house.http, sku)
    reply = expect(201, await review(ada, seller, sku, 5, title="Sleeps well", text="<b>Oak</b>, and solid."))
    assert reply.keys() == {"productId", "rating", "position"}, "stored replies keep nothing that people wrote"
    expect(201, await review(bob, seller, sku, 4))
    his, hers = (await reviews(bob, seller, sku))["items"]
    assert (hers["rating"], hers["title"], hers["text"]) == (5, "Sleeps well", "<b>Oak</b>, and solid.")
    assert (his["rating"], his["title"], his["text"]) == (4, None, None)
    rated = {"average": 4.5, "count": 2}
    assert (await bob.read(f"/api/products/{seller.products[sku]}"))["rating"] == rated
    found = await bob.read(f"/api/products?q=oak&brand={brand_of(seller)}&ratingMin=4")
    assert [item["rating"] for item in found["items"]] == [rated]
    assert {"value": "4", "count": 1} in found["facets"]["rating"]


async def test_the_next_review_takes_the_place_of_the_first(house: House, seller: Seller, sku: str) -> None:
    ada = await bought(house.http, sku)
    expect(201, await review(ada, seller, sku, 1, title="Squeaks"))
    expect(201, await review(ada, seller, sku, 4))
    [shown] = (await reviews(ada, seller, sku))["items"]
    assert (shown["rating"], shown["title"]) == (4, None)
    assert (await ada.read(f"/api/products/{seller.products[sku]}"))["rating"] == {"average": 4.0, "count": 1}


async def test_the_better_rated_come_first(house: House, seller: Seller, sku: str) -> None:
    better, unrated = await sells(seller), await sells(seller)
    for wanted, rating in ((sku, 3), (better, 5)):
        ada = await bought(house.http, wanted)
        expect(201, await review(ada, seller, wanted, rating))
    found = await ada.read(f"/api/products?q=oak&brand={brand_of(seller)}&sort=rating")
    assert [item["sku"] for item in found["items"]] == [better, sku, unrated]


async def test_who_has_not_paid_for_it_cannot(house: House, seller: Seller, sku: str, visitor: Shopper) -> None:
    problem(await review(visitor, seller, sku, 5), 401, "unauthenticated")
    problem(await review(await sign_up(house.http), seller, sku, 5), 403, "forbidden")
    declined = await bought(house.http, sku, "pm_card_declined")
    problem(await review(declined, seller, sku, 5), 403, "forbidden")
    called_off = await bought(house.http, sku)
    [order] = (await called_off.read("/api/orders"))["items"]
    expect(200, await called_off.cancel(order["orderId"]))
    problem(await review(called_off, seller, sku, 5), 403, "forbidden")
    of_another_thing = await bought(house.http, await seller.sells())
    problem(await review(of_another_thing, seller, sku, 5), 403, "forbidden")


async def test_the_views_need_not_be_there(
    house: House, seller: Seller, sku: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest orders are found in the log."""
    ada = await bought(house.http, sku)
    assert await order_ids_of(house.services.log, ada.user_id)

    async def nothing(*arguments: Any, **more: Any) -> list[Any]:
        return []

    monkeypatch.setattr(house.services.views, "listed", nothing)
    expect(201, await review(ada, seller, sku, 5))


async def test_what_is_not_a_review(house: House, seller: Seller, sku: str) -> None:
    ada = await bought(house.http, sku)
    for rating in (0, 6, 4.5, "5", None):
        path = f"/api/products/{seller.products[sku]}/reviews"
        problem(await ada.send("POST", path, {"rating": rating}), 422, "validation_failed", "#/rating")
    problem(await review(ada, seller, sku, 5, title="x" * 201), 422, "validation_failed", "#/title")
    problem(await review(ada, seller, sku, 5, text="x" * 5_001), 422, "validation_failed", "#/text")
    problem(await review(ada, seller, sku, 5, text="mine is 4242 4242 4242 4242"), 422, "validation_failed", "#/text")
    for unknown in ("prd_1", "prd_01KARQ0000ABCDEFGHJKMNPQRS"):
        path = f"/api/products/{unknown}/reviews"
        problem(await ada.send("POST", path, {"rating": 5}), 404, "not_found")
        problem(await ada.send("GET", path), 404, "not_found")


async def test_one_key_is_one_review(house: House, seller: Seller, sku: str) -> None:
    ada, key = await bought(house.http, sku), fresh_key()
    path = f"/api/products/{seller.products[sku]}/reviews"
    first = await ada.do("POST", path, {"rating": 5}, 201, Idempotency_Key=key)
    assert await ada.do("POST", path, {"rating": 5}, 201, Idempotency_Key=key) == first


async def test_pages(house: House, seller: Seller, sku: str) -> None:
    for rating in (1, 2, 3):
        ada = await bought(house.http, sku)
        expect(201, await review(ada, seller, sku, rating))
    first = await reviews(ada, seller, sku, "?limit=2")
    second = await reviews(ada, seller, sku, f"?limit=2&cursor={first['next']}")
    assert [item["rating"] for found in (first, second) for item in found["items"]] == [3, 2, 1]
    assert second["next"] is None


async def test_the_words_go_with_the_person_and_the_rating_stays(house: House, seller: Seller, sku: str) -> None:
    ada, bob = await bought(house.http, sku), await sign_up(house.http)
    expect(201, await review(ada, seller, sku, 2, title="I, Ada", text="Write to me"))
    await ada.do("DELETE", "/api/me", status=204)
    bob.position = ada.position
    [shown] = (await reviews(bob, seller, sku))["items"]
    assert (shown["rating"], shown["title"], shown["text"]) == (2, None, None)
    assert (await bob.read(f"/api/products/{seller.products[sku]}"))["rating"] == {"average": 2.0, "count": 1}


async def test_a_buyer_is_told_which_of_the_bought_things_are_rated(
    house: House, seller: Seller, sku: str, admin: Shopper
) -> None:
    other = await sells(seller)
    ada = await (await sign_up(house.http)).move_in()
    await ada.add(sku)
    await ada.add(other)
    order_id = (await ada.buy())["orderId"]
    expect(201, await review(ada, seller, other, 2))
    await delivered(seller, order_id)
    expect(201, await review(ada, seller, other, 4))

    def rated(order: Any) -> dict[str, int | None]:
        return {line["sku"]: line["rating"] for line in order["lines"]}

    assert rated(await ada.order(order_id)) == {sku: None, other: 4}
    [listed] = (await ada.read("/api/orders"))["items"]
    assert rated(listed) == {sku: None, other: 4}
    assert rated(await ada.read(f"/api/orders/{order_id}?version=1")) == {sku: None, other: None}, "nobody had, then"
    admin.position = ada.position
    assert rated(await admin.order(order_id)) == {sku: None, other: None}, "whose rating it is, is his own business"


async def delivered(seller: Seller, order_id: str) -> None:
    path = f"/api/orders/{order_id}/shipments"
    parcel = await seller.shopper.do("POST", path, {"carrier": "UPS"}, 201, Idempotency_Key=fresh_key())
    await seller.shopper.do("POST", f"{path}/{parcel['shipmentId']}/delivered", Idempotency_Key=fresh_key())
