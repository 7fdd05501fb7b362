"""A buyer who is erased takes the address along: what is not packed is called off, and nothing more is packed."""

from __future__ import annotations

from typing import Any

import pytest

from commands.context import system_context
from domain.buyers.account import EraseAccount
from tests.e2e.aftersale import given_back, in_stock, units_of
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, fresh_key, problem
from tests.waiting import until

CARRIAGE = {"carrier": "UPS", "tracking": "1Z999AA10123456784"}


@pytest.fixture
async def skus(seller: Seller) -> list[str]:
    return [await seller.sells(price=1999, stock=10), await seller.sells(price=850, stock=10)]


@pytest.fixture
async def order(skus: list[str], shopper: Shopper) -> dict[str, Any]:
    """Paid: three of one thing, one of another, all of one seller."""
    await shopper.add(skus[0], 3)
    await shopper.add(skus[1])
    paid = await shopper.buy()
    assert paid["status"] == "PAID"
    return paid


async def pack(seller: Seller, order: dict[str, Any], **body: Any) -> Any:
    path = f"/api/orders/{order['orderId']}/shipments"
    return await seller.shopper.send("POST", path, body, Idempotency_Key=fresh_key())


async def test_what_is_not_packed_is_called_off_and_paid_back(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any], skus: list[str]
) -> None:
    await shopper.do("DELETE", "/api/me", status=204)
    problem(await pack(seller, order, **CARRIAGE), 409, "illegal_transition")
    admin.position = shopper.position
    shown = await admin.settled(order["orderId"])
    assert (shown["status"], shown["checkout"]["reason"], shown["address"]) == ("CANCELLED", "cancelled", None)
    assert given_back(house, order) == order["totals"]["grand"]["amount"]
    await in_stock(seller, skus[0], available=10)
    assert house.problems() == []


async def test_what_is_packed_has_its_label_and_goes_on(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    parcel = expect(201, await pack(seller, order, lines=[units_of(order, 0, 1)]))
    await shopper.do("DELETE", "/api/me", status=204)
    problem(await pack(seller, order, lines=[units_of(order, 0, 1)]), 409, "illegal_transition")
    path = f"/api/orders/{order['orderId']}/shipments/{parcel['shipmentId']}"
    for step, body in (("shipped", CARRIAGE), ("delivered", None)):
        expect(200, await seller.shopper.send("POST", f"{path}/{step}", body, Idempotency_Key=fresh_key()))
    admin.position = seller.shopper.position
    shown = await admin.order(order["orderId"])
    assert shown["status"] == "DELIVERED"
    units = {one["lineId"]: one["quantity"] for one in shown["cancellations"][0]["lines"]}
    assert units == {order["lines"][0]["lineId"]: 2, order["lines"][1]["lineId"]: 1}
    [refund] = shown["refunds"]
    assert refund["cause"] == shown["cancellations"][0]["cancellationId"]
    await until(lambda: given_back(house, order) == refund["amount"]["amount"])
    assert house.problems() == []


async def test_of_an_erased_buyer_nothing_more_is_packed(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    """Also before anybody has called it off: as a crash in the middle of the erasure leaves it."""
    await house.services.engine.submit(EraseAccount(shopper.user_id), system_context("test", house.services.clock()))
    refused = problem(await pack(seller, order, **CARRIAGE), 409, "illegal_transition")
    assert "call off" in refused["detail"]
    await seller.shopper.do("POST", f"/api/orders/{order['orderId']}/cancel", None, Idempotency_Key=fresh_key())


async def test_orders_of_others_stay(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any], skus: list[str]
) -> None:
    other = await open_shop(house.http)
    buyer = await other.shopper.move_in()
    await buyer.add(skus[1])
    his = await buyer.buy()
    await shopper.do("DELETE", "/api/me", status=204)
    assert (await buyer.order(his["orderId"]))["status"] == "PAID"
    expect(201, await pack(seller, his, **CARRIAGE))
