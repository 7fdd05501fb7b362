"""Money that is taken later: the order stands, its goods are sold, and the provider holds the money."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commands.engine import now_ms
from tests.e2e.aftersale import in_stock, mislaid, once, post
from tests.e2e.house import House, charges, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.parcels import UPS, pack
from tests.e2e.shopper import Shopper, expect, problem, sign_up

HOUR_MS = 3_600_000
SET_ASIDE, TAKEN, LET_GO = (0, 0, 0), (1, 0, 0), (0, 0, 1)
"""Whether the money was captured, refunded, voided, by the provider's own records."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", capture="shipment") as house:
        yield house


@pytest.fixture
async def order(house: House, seller: Seller, shopper: Shopper) -> dict[str, Any]:
    """It stands, and answering did not take as long as the client would have waited."""
    return await stands(seller, shopper)


async def stands(seller: Seller, shopper: Shopper) -> dict[str, Any]:
    await shopper.add(await seller.sells(stock=5), 2)
    placed = await shopper.buy()
    shown = (placed["status"], placed["checkout"]["state"], placed["payment"]["status"])
    assert shown == ("PENDING", "ORDER_CREATED", "authorized")
    assert placed["payment"]["authorizedUntil"] > placed["createdAt"]
    return placed


def money(house: House, order: dict[str, Any]) -> tuple[int, ...]:
    [(_, *moved)] = charges(house.folder)[order["orderId"]]
    return tuple(int(amount > 0) for amount in moved)


async def test_the_first_parcel_brings_the_money_and_leaves_when_it_is_there(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    sku = order["lines"][0]["sku"]
    await in_stock(seller, sku, committed=2, available=3)
    assert money(house, order) == SET_ASIDE
    parcel = await pack(seller, order, **UPS)
    assert (parcel["status"], parcel["orderStatus"], parcel["carrier"]) == ("PACKED", "PENDING", "UPS")
    shown = await once(shopper, order, status="SHIPPED", payment="captured")
    assert [one["status"] for one in shown["shipments"]] == ["SHIPPED"]
    assert money(house, order) == TAKEN
    await in_stock(seller, sku, onHand=3, committed=0)
    assert house.problems() == []


async def test_a_parcel_that_is_only_packed_brings_the_money_too(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    line = order["lines"][0]["lineId"]
    parcel = await pack(seller, order, lines=[{"lineId": line, "quantity": 1}])
    await once(shopper, order, status="PAID", payment="captured")
    path = f"/api/orders/{order['orderId']}/shipments/{parcel['shipmentId']}/shipped"
    assert expect(200, await post(seller.shopper, path, UPS))["status"] == "SHIPPED"
    await pack(seller, order, **UPS)
    await once(shopper, order, status="SHIPPED", payment="captured")
    assert money(house, order) == TAKEN


async def test_called_off_before_the_money_is_let_go_and_the_goods_go_back(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    expect(200, await shopper.cancel(order["orderId"]))
    await once(shopper, order, status="CANCELLED", payment="voided")
    assert money(house, order) == LET_GO
    await in_stock(seller, order["lines"][0]["sku"], committed=0, available=5)
    answer = await post(seller.shopper, f"/api/orders/{order['orderId']}/shipments", {})
    problem(answer, 409, "illegal_transition")


async def test_another_setting_changes_nothing_for_orders_under_way(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    house.services.policy = type(house.services.policy)()
    await shopper.add(await seller.sells())
    assert (await shopper.buy())["status"] == "PAID"
    shown = await shopper.order(order["orderId"])
    assert (shown["status"], shown["checkout"]["state"]) == ("PENDING", "ORDER_CREATED")


@pytest.mark.slow
async def test_after_its_hours_the_money_is_taken_whoever_is_there_to_take_it(tmp_path: Path) -> None:
    """The process that took the order is gone, and the setting is another when the hour has come."""
    async with in_process(tmp_path / "data", capture="2") as house:
        seller = await open_shop(house.http)
        shopper = await (await sign_up(house.http)).move_in()
        order = await stands(seller, shopper)
        problem(await post(seller.shopper, f"/api/orders/{order['orderId']}/shipments", {}), 409, "illegal_transition")
        assert money(house, order) == SET_ASIDE
    async with in_process(tmp_path / "data") as house:
        shopper.http = house.http
        assert (await shopper.order(order["orderId"]))["status"] == "PENDING"
        house.services.engine.clock = lambda: now_ms() + 2 * HOUR_MS
        await once(shopper, order, status="PAID", payment="captured")
        assert money(house, order) == TAKEN


async def test_a_refused_capture_cancels_the_order_and_nothing_leaves(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    with mislaid(house, order):
        await pack(seller, order, **UPS)
        shown = await once(shopper, order, status="CANCELLED", payment="declined")
    assert shown["checkout"] == {"state": "COMPENSATED", "reason": "payment_declined"}
    await in_stock(seller, order["lines"][0]["sku"], onHand=5, committed=0, held=0, available=5)
