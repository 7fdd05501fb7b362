"""Ratings of shops: by buyers who got something, one each, shown beside every offer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, fresh_key, problem, sign_up


@pytest.fixture
async def sku(seller: Seller) -> str:
    return await seller.sells(50)


async def bought(house: House, sku: str) -> tuple[Shopper, dict[str, Any]]:
    shopper = await (await sign_up(house.http)).move_in()
    await shopper.add(sku)
    return shopper, await shopper.buy()


async def deliver(seller: Seller, order: dict[str, Any]) -> None:
    path = f"/api/orders/{order['orderId']}/shipments"
    carried = {"carrier": "UPS", "tracking": "1Z"}
    packed = expect(201, await seller.shopper.send("POST", path, carried, Idempotency_Key=fresh_key()))
    delivered = f"{path}/{packed['shipmentId']}/delivered"
    expect(200, await seller.shopper.send("POST", delivered, None, Idempotency_Key=fresh_key()))


async def rate(who: Shopper, seller: Seller, order: dict[str, Any], rating: int, **headers: str) -> httpx.Response:
    body = {"orderId": order["orderId"], "rating": rating}
    return await who.send("POST", f"/api/shops/{seller.shop_id}/ratings", body, **headers)


async def rating_of(who: Shopper, seller: Seller, sku: str) -> Any:
    [offer] = (await who.read(f"/api/products/{seller.products[sku]}"))["offers"]
    return offer["sellerRating"]


async def test_from_the_delivery_to_the_offer(house: House, seller: Seller, sku: str) -> None:
    assert await rating_of(seller.shopper, seller, sku) is None
    other = await seller.sells()
    for rating, average, count in ((5, 5.0, 1), (4, 4.5, 2), (4, 4.3, 3)):
        ada, order = await bought(house, sku)
        await deliver(seller, order)
        reply = expect(201, await rate(ada, seller, order, rating))
        assert reply.keys() == {"shopId", "rating", "position"}
        assert await rating_of(ada, seller, sku) == {"average": average, "count": count}
    assert await rating_of(ada, seller, other) == {"average": 4.3, "count": 3}, "beside each of its offers"
    expect(201, await rate(ada, seller, order, 1))
    assert await rating_of(ada, seller, sku) == {"average": 3.3, "count": 3}, "the next takes the place of the first"
    assert house.problems() == []


async def test_who_has_got_nothing_cannot(house: House, seller: Seller, sku: str, visitor: Shopper) -> None:
    ada, order = await bought(house, sku)
    problem(await rate(visitor, seller, order, 5), 401, "unauthenticated")
    problem(await rate(await sign_up(house.http), seller, order, 5), 404, "not_found")
    problem(await rate(ada, seller, order, 5), 409, "illegal_transition")
    await deliver(seller, order)
    problem(await rate(ada, seller, {"orderId": "ord_1"}, 5), 404, "not_found")
    problem(await rate(ada, seller, order, 6), 422, "validation_failed", "#/rating")
    elsewhere = Seller(seller.shopper, f"shp_{'0' * 26}", "USD")
    problem(await rate(ada, elsewhere, order, 5), 404, "not_found")
    expect(201, await rate(ada, seller, order, 5))


async def test_what_was_called_off_is_not_rated(house: House, seller: Seller, sku: str) -> None:
    ada, order = await bought(house, sku)
    expect(200, await ada.cancel(order["orderId"]))
    problem(await rate(ada, seller, order, 5), 409, "illegal_transition")


async def test_a_repeated_request_rates_once(house: House, seller: Seller, sku: str) -> None:
    ada, order = await bought(house, sku)
    await deliver(seller, order)
    key = fresh_key()
    first, again = [await rate(ada, seller, order, 4, Idempotency_Key=key) for _ in range(2)]
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert await rating_of(ada, seller, sku) == {"average": 4.0, "count": 1}


async def test_a_buyer_is_told_how_he_rated_the_shop(house: House, seller: Seller, sku: str, admin: Shopper) -> None:
    ada, order = await bought(house, sku)
    path = f"/api/orders/{order['orderId']}"

    def ratings_in(shown: dict[str, Any]) -> list[int | None]:
        return [line["shopRating"] for line in shown["lines"]]

    await deliver(seller, order)
    assert ratings_in(await ada.read(path)) == [None]
    for rating in (4, 2):
        expect(201, await rate(ada, seller, order, rating))
    assert ratings_in(await ada.read(path)) == [2]
    [listed] = (await ada.read("/api/orders"))["items"]
    assert ratings_in(listed) == [2]
    assert ratings_in(await ada.read(f"{path}?version=1")) == [None], "nobody had, then"
    admin.position = ada.position
    assert ratings_in(await admin.read(path)) == [None], "whose rating it is, is his own business"
