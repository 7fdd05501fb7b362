"""What a command's reply says of when its resource changed is what a query says of it later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.aftersale import settled
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect

BEGIN_MS = 1_800_000_000_000


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Whoever looks at its clock finds a second gone."""
    seconds = count()
    async with in_process(tmp_path / "data", clock=lambda: BEGIN_MS + 1_000 * next(seconds)) as house:
        yield house


async def agrees(shopper: Shopper, reply: dict[str, Any]) -> None:
    shown = await shopper.cart()
    times = ("createdAt", "updatedAt", "version")
    assert [shown[name] for name in times] == [reply[name] for name in times]


async def test_each_command_of_a_cart(seller: Seller, visitor: Shopper, shopper: Shopper) -> None:
    sku, other = await seller.sells(), await seller.sells()
    for who in (visitor, shopper):
        cart = await who.add(sku)
        await agrees(who, cart)
        item = f"/api/cart/items/{cart['lines'][0]['itemId']}"
        changed = await who.do("PATCH", item, {"quantity": 2})
        assert changed["updatedAt"] > cart["updatedAt"]
        await agrees(who, changed)
        same = await who.do("PATCH", item, {"quantity": 2})
        assert same["updatedAt"] == changed["updatedAt"], "nothing was changed"
        await agrees(who, same)
        await who.add(other)
        await agrees(who, await who.do("DELETE", item))
    merged = await shopper.do("POST", "/api/cart/merge", Cart_Token=visitor.cart_token)
    await agrees(shopper, merged)
    again = await shopper.do("POST", "/api/cart/merge", Cart_Token=visitor.cart_token)
    assert again["updatedAt"] == merged["updatedAt"]


async def test_a_placed_and_a_cancelled_order(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    paid = await shopper.buy()
    await agrees_of_order(shopper, paid)
    await agrees_of_order(shopper, expect(200, await shopper.cancel(paid["orderId"])))


async def agrees_of_order(shopper: Shopper, reply: dict[str, Any]) -> None:
    shown = await shopper.read(f"/api/orders/{reply['orderId']}?version={reply['version']}")
    assert (shown["createdAt"], shown["updatedAt"]) == (reply["createdAt"], reply["updatedAt"])


def times(part: dict[str, Any]) -> tuple[str, str]:
    return part["createdAt"], part["updatedAt"]


async def test_addresses_and_payment_methods(shopper: Shopper) -> None:
    me = await shopper.read("/api/me")
    [address], [method] = me["addresses"], me["paymentMethods"]
    for one in (address, method):
        assert me["createdAt"] < one["createdAt"] == one["updatedAt"] <= me["updatedAt"]
    await shopper.do("PATCH", f"/api/me/addresses/{shopper.address_id}", {"line2": "Flat 3"})
    me = await shopper.read("/api/me")
    assert address["createdAt"] == me["addresses"][0]["createdAt"] < me["addresses"][0]["updatedAt"] == me["updatedAt"]
    assert me["paymentMethods"] == [method]


async def test_a_wish(seller: Seller, shopper: Shopper) -> None:
    wish = {"sku": await seller.sells()}
    first = await shopper.do("POST", "/api/wishlist/items", wish, 201)
    again = await shopper.do("POST", "/api/wishlist/items", wish, 201)
    [shown] = (await shopper.read("/api/wishlist"))["items"]
    assert times(first) == times(again) == times(shown) == (first["addedAt"], first["addedAt"])


async def test_a_payment_and_its_refunds(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells(), 2)
    order = await shopper.buy()
    assert (times(order["payment"]), order["payment"]["version"]) == ((None, None), None), "a reply does not know them"
    path = f"/api/orders/{order['orderId']}"
    assert (await shopper.read(f"{path}?version=1"))["payment"]["createdAt"] is None, "nothing was asked for yet"
    paid = (await shopper.order(order["orderId"]))["payment"]
    assert order["createdAt"] <= paid["createdAt"] < paid["updatedAt"]
    lines = [{"lineId": order["lines"][0]["lineId"], "quantity": 1}]
    order = expect(200, await shopper.cancel(order["orderId"], lines=lines))
    assert [one["updatedAt"] for one in order["refunds"]] == [None]
    shown = await settled(shopper, order)
    [refund] = shown["refunds"]
    assert refund["createdAt"] < refund["updatedAt"] == shown["payment"]["updatedAt"]
    assert shown["payment"]["createdAt"] == paid["createdAt"]
    assert shown["payment"]["version"] > paid["version"]
    [listed] = (await shopper.read("/api/orders"))["items"]
    assert (listed["payment"], listed["refunds"]) == (shown["payment"], shown["refunds"])
