"""What does not exist, what cannot be done now, and questions that make no sense."""

from __future__ import annotations

import asyncio

from tests.e2e.boundaries.sending import OFFER_PRICE, no_trace
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem

NOT_THERE = (
    ("GET", "/api/orders/ord_00000000000000000000000000"),
    ("GET", "/api/orders/x"),
    ("GET", "/api/orders/stk_x"),
    ("GET", "/api/products/prd_00000000000000000000000000"),
    ("GET", "/api/categories/Nowhere"),
    ("GET", "/api/shops/shp_00000000000000000000000000"),
    ("POST", "/api/orders/ord_00000000000000000000000000/cancel"),
    ("DELETE", "/api/cart/items/lin_00000000000000000000000000"),
    ("DELETE", "/api/me/addresses/adr_00000000000000000000000000"),
    ("GET", "/api/nothing"),
)


async def test_what_is_not_there(house: House, shopper: Shopper) -> None:
    async with no_trace(house):
        for method, path in NOT_THERE:
            problem(await shopper.send(method, path, Idempotency_Key="k"), 404, "not_found")


async def test_illegal_transitions(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    await seller.shopper.do("DELETE", f"/api/products/{seller.products[sku]}")
    async with no_trace(house):
        wanted = {"sku": sku, "quantity": 1, "shopId": seller.shop_id}
        problem(await shopper.send("POST", "/api/cart/items", wanted), 409, "illegal_transition")
        changed = await seller.shopper.send("PATCH", f"/api/products/{seller.products[sku]}", {"title": "New"})
        problem(changed, 409, "illegal_transition")
        offered = await seller.shopper.send("PUT", f"/api/offers/{seller.shop_id}/{sku}", {"price": OFFER_PRICE})
        problem(offered, 409, "illegal_transition")


async def test_an_empty_cart_cannot_be_ordered(house: House, seller: Seller, shopper: Shopper) -> None:
    cart = await shopper.add(await seller.sells())
    await shopper.do("DELETE", f"/api/cart/items/{cart['lines'][0]['itemId']}")
    async with no_trace(house):
        problem(await shopper.place(), 422, "validation_failed", "#/cartId")


async def test_versions_that_have_passed(house: House, seller: Seller) -> None:
    sku = await seller.sells()
    path = f"/api/inventory/{seller.shop_id}/{sku}/receive"
    async with no_trace(house):
        for tag in ('"99"', '"0"', 'W/"1"', '"x"'):
            problem(await seller.shopper.send("POST", path, {"quantity": 1}, If_Match=tag), 412, "version_mismatch")
        malformed = await seller.shopper.send("POST", path, {"quantity": 1}, If_Match="7")
        problem(malformed, 422, "validation_failed")


NO_SENSE = (
    "limit=0",
    "limit=101",
    "limit=x",
    "cursor=x",
    "page=0",
    "priceMin=-1",
    "sort=best",
    "colour=red",
    "inStock=maybe",
)


async def test_query_parameters_that_make_no_sense(visitor: Shopper) -> None:
    for query in NO_SENSE:
        body = problem(await visitor.send("GET", f"/api/products?{query}"), 422, "validation_failed")
        assert body["errors"][0]["parameter"] == query.partition("=")[0]


async def test_positions_that_were_never_given_out(visitor: Shopper) -> None:
    for position in ("x", "-1", "1.5", "9" * 40, ""):
        for path in ("/api/products", "/api/cart", "/api/categories"):
            problem(await visitor.send("GET", path, Kontor_Min_Position=position), 422, "validation_failed")


async def test_nothing_bad_slows_the_good_down(house: House, seller: Seller, shopper: Shopper) -> None:
    """Good and bad requests in one batch: each is answered for itself."""
    sku = await seller.sells(stock=100)
    good = [shopper.send("POST", "/api/cart/items", {"sku": sku, "quantity": 1}) for _ in range(10)]
    bad = [shopper.send("POST", "/api/cart/items", {"sku": sku, "quantity": -1}) for _ in range(10)]
    answers = await asyncio.gather(*good, *bad)
    assert [answer.status_code for answer in answers] == [201] * 10 + [422] * 10
    assert await shopper.lines() == [(sku, 10)]
