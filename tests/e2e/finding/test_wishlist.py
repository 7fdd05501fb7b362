"""Wishlists: put there, compared with today's prices, paged, taken off, and gone with the person."""

from __future__ import annotations

from typing import Any

from domain.buyers.wishlist import wishlist_of
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem, sign_up


async def wish(who: Shopper, sku: str, **more: Any) -> dict[str, Any]:
    reply: dict[str, Any] = await who.do("POST", "/api/wishlist/items", {"sku": sku, **more}, 201)
    return reply


async def skus_of(who: Shopper, query: str = "") -> list[str]:
    return [item["sku"] for item in (await who.read(f"/api/wishlist{query}"))["items"]]


async def test_from_the_wish_to_the_price_that_fell(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=3, price=1999)
    reply = await wish(shopper, sku)
    assert (reply["sku"], reply["productId"]) == (sku, seller.products[sku])
    assert reply["priceAtAdding"] == {"amount": 1999, "currency": "USD"}
    [item] = (await shopper.read("/api/wishlist"))["items"]
    assert (item["price"], item["priceChange"]) == (item["priceAtAdding"], None)
    assert (item["inStock"], item["lowStock"], item["discontinued"]) == (True, True, False)
    await seller.offers(sku, 1499)
    shopper.position = seller.shopper.position
    [item] = (await shopper.read("/api/wishlist"))["items"]
    assert (item["price"]["amount"], item["priceAtAdding"]["amount"], item["priceChange"]) == (1499, 1999, "fell")
    await seller.offers(sku, 2499)
    shopper.position = seller.shopper.position
    [item] = (await shopper.read("/api/wishlist"))["items"]
    assert item["priceChange"] == "rose"


async def test_what_is_there_already_stays_as_it_was(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(price=1999)
    first = await wish(shopper, sku)
    await seller.offers(sku, 999)
    again = await shopper.do("POST", "/api/wishlist/items", {"productId": seller.products[sku]}, 201)
    assert (again["addedAt"], again["priceAtAdding"], again["version"]) == (
        first["addedAt"],
        first["priceAtAdding"],
        first["version"],
    )
    assert await skus_of(shopper) == [sku]


async def test_taken_off_twice_is_taken_off(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    await wish(shopper, sku)
    for _ in range(2):
        await shopper.do("DELETE", f"/api/wishlist/items/{sku}", status=204)
        assert await skus_of(shopper) == []


async def test_what_nobody_sells_at_present_can_be_wished(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.describes()
    assert (await wish(shopper, sku))["priceAtAdding"] is None
    [item] = (await shopper.read("/api/wishlist"))["items"]
    assert (item["price"], item["priceChange"], item["inStock"]) == (None, None, False)


async def test_what_was_discontinued_stays_and_says_so(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    await wish(shopper, sku)
    await seller.shopper.do("DELETE", f"/api/products/{seller.products[sku]}")
    shopper.position = seller.shopper.position
    [item] = (await shopper.read("/api/wishlist"))["items"]
    assert (item["discontinued"], item["inStock"]) == (True, False)
    problem(await shopper.send("POST", "/api/wishlist/items", {"sku": sku}), 409, "illegal_transition")


async def test_pages_are_stable_while_things_are_added(seller: Seller, shopper: Shopper) -> None:
    skus = [await seller.sells(stock=0) for _ in range(5)]
    for sku in skus:
        await wish(shopper, sku)
    first = await shopper.read("/api/wishlist?limit=2")
    await wish(shopper, await seller.sells(stock=0))
    second = await shopper.read(f"/api/wishlist?limit=2&cursor={first['next']}")
    third = await shopper.read(f"/api/wishlist?limit=2&cursor={second['next']}")
    shown = [item["sku"] for found in (first, second, third) for item in found["items"]]
    assert sorted(shown) == sorted(skus)
    assert third["next"] is None
    back = await shopper.read(f"/api/wishlist?limit=2&cursor={second['prev']}")
    assert back["items"] == first["items"]
    problem(await shopper.send("GET", "/api/wishlist?cursor=nonsense"), 422, "validation_failed")


async def test_it_is_ones_own(house: House, seller: Seller, shopper: Shopper, visitor: Shopper) -> None:
    sku = await seller.sells()
    await wish(shopper, sku)
    other = await sign_up(house.http)
    other.position = shopper.position
    assert await skus_of(other) == []
    await other.do("DELETE", f"/api/wishlist/items/{sku}", status=204)
    assert await skus_of(shopper) == [sku]
    problem(await visitor.send("GET", "/api/wishlist"), 401, "unauthenticated")
    problem(await visitor.send("POST", "/api/wishlist/items", {"sku": sku}), 401, "unauthenticated")
    problem(await visitor.send("DELETE", f"/api/wishlist/items/{sku}"), 401, "unauthenticated")


async def test_what_cannot_be_wished(shopper: Shopper) -> None:
    problem(await shopper.send("POST", "/api/wishlist/items", {"sku": "NOBODY-1"}), 404, "not_found")
    problem(await shopper.send("POST", "/api/wishlist/items", {}), 422, "validation_failed", "#/sku")
    problem(await shopper.send("POST", "/api/wishlist/items", {"productId": "prd_1"}), 404, "not_found")


async def test_it_goes_with_the_person(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    await wish(shopper, sku)
    await shopper.do("DELETE", "/api/me", status=204)
    await house.services.follower.wait_for(await house.head(), 5)
    wishlist = wishlist_of(shopper.user_id)
    assert await house.services.views.count("wishes", "wishlist", wishlist) == 0
    assert (await house.services.engine.state(wishlist)).items == {}
