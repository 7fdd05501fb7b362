"""Carts that must be as their reader saw them: If-Match of every request that changes one, also of the first."""

from __future__ import annotations

import pytest

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem, sign_up


async def test_nothing_is_put_into_a_cart_that_changed_meanwhile(seller: Seller, shopper: Shopper) -> None:
    sku, held = await seller.sells(), await seller.sells(stock=3, holdPolicy="cart")
    seen = await shopper.add(sku)
    wish = {"sku": held, "quantity": 1}
    problem(await shopper.send("POST", "/api/cart/items", wish, If_Match='"99"'), 412, "version_mismatch")
    assert await shopper.lines() == [(sku, 1)]
    row = {"onHand": 3, "committed": 0, "held": 0, "available": 3}
    assert await seller.stock(held, shopper.position) == row  # nothing was set aside for it either
    taken = await shopper.do("POST", "/api/cart/items", wish, 201, If_Match=f'"{seen["version"]}"')
    assert [line["sku"] for line in taken["lines"]] == [sku, held]


@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_cart_that_is_not_there_has_no_version(
    house: House, seller: Seller, visitor: Shopper, signed_in: bool
) -> None:
    who = await sign_up(house.http) if signed_in else visitor
    wish = {"sku": await seller.sells(), "quantity": 1}
    problem(await who.send("POST", "/api/cart/items", wish, If_Match='"1"'), 412, "version_mismatch")
    expect(201, await who.send("POST", "/api/cart/items", wish))


async def test_carts_are_merged_and_coupons_put_in_as_seen(
    house: House, seller: Seller, visitor: Shopper, shopper: Shopper
) -> None:
    sku = await seller.sells()
    await visitor.add(sku)
    seen = await shopper.add(sku)
    stale = f'"{seen["version"] + 7}"'
    merge = await shopper.send("POST", "/api/cart/merge", Cart_Token=visitor.cart_token, If_Match=stale)
    problem(merge, 412, "version_mismatch")
    assert await visitor.lines() == [(sku, 1)]  # goes on as it was
    terms = {"name": "Spring", "shopId": seller.shop_id, "benefit": {"kind": "percent", "percent": 10}}
    await seller.shopper.do("POST", "/api/promotions", {**terms, "code": "SPRING"}, 201)
    for method, path, body in (
        ("POST", "/api/cart/coupons", {"code": "SPRING"}),
        ("DELETE", "/api/cart/coupons/SPRING", None),
    ):
        problem(await shopper.send(method, path, body, If_Match=stale), 412, "version_mismatch")
    tag = f'"{seen["version"]}"'
    merged = await shopper.do("POST", "/api/cart/merge", Cart_Token=visitor.cart_token, If_Match=tag)
    assert [line["quantity"] for line in merged["lines"]] == [2]
