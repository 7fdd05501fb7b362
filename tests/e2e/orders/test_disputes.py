"""A buyer goes to his bank: what the order shows, what administrators list, and what becomes of refunds and books."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.aftersale import given_back, once, post
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.orders.disputes import dispute, grand, once_disputed
from tests.e2e.orders.refused import refusals
from tests.e2e.shopper import Shopper, expect, problem

LIST = "/api/admin/disputes"


@pytest.fixture
async def order(seller: Seller, shopper: Shopper) -> dict[str, Any]:
    await shopper.add(await seller.sells(price=1999), 3)
    paid = await shopper.buy()
    assert (paid["status"], paid["disputes"]) == ("PAID", [])
    return paid


async def listed(admin: Shopper, order: dict[str, Any], status: str) -> list[dict[str, Any]]:
    """Once the view has the order in that list."""
    for _ in range(500):
        items = await among(admin, order, status)
        if items:
            return items
        await asyncio.sleep(0.02)
    raise AssertionError(f"not {status}")


async def among(admin: Shopper, order: dict[str, Any], status: str) -> list[dict[str, Any]]:
    items = (await admin.read(f"{LIST}?status={status}&limit=100"))["items"]
    return [one for one in items if one["orderId"] == order["orderId"]]


async def refund(admin: Shopper, order: dict[str, Any], **body: Any) -> Any:
    return await post(admin, f"/api/orders/{order['orderId']}/refunds", {"reason": "goodwill", **body})


async def test_open_and_lost(house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]) -> None:
    decide = await dispute(house, order)
    found = await once_disputed(shopper, order, "OPEN")
    [one] = found["disputes"]
    assert (found["status"], found["payment"]["status"]) == ("PAID", "captured")
    assert (one["amount"], one["reason"], one["closedAt"]) == (grand(order), "fraudulent", None)
    assert one["evidenceBy"] > one["openedAt"]
    [item] = await listed(admin, order, "open")
    assert {key: item[key] for key in one if key != "status"} == {key: one[key] for key in one if key != "status"}
    assert (item["status"], item["paymentId"]) == ("open", order["payment"]["paymentId"])
    said = problem(await refund(admin, order), 409, "illegal_transition")
    assert "disputed" in said["detail"]
    await decide("lost")
    found = await once_disputed(shopper, order, "LOST")
    assert found["disputes"][0]["closedAt"] is not None
    [item] = await listed(admin, order, "closed")
    assert (item["status"], item["version"]) == ("lost", 6)
    assert await among(admin, order, "open") == []
    problem(await refund(admin, order), 422, "validation_failed", "#/amount")
    assert given_back(house, order) == 0
    timeline = await shopper.read(f"/api/orders/{order['orderId']}/timeline?limit=100")
    words = [entry["text"] for entry in timeline["items"]]
    assert words[-2].startswith("The buyer disputes the payment with his bank: ")
    assert words[-1].startswith("The dispute is lost: the bank has given the money to the buyer: ")
    assert house.problems() == []


async def test_units_called_off_whose_money_is_lost_are_told_to_administrators(
    house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]
) -> None:
    decide = await dispute(house, order)
    await once_disputed(shopper, order, "OPEN")
    line = {"lineId": order["lines"][0]["lineId"], "quantity": 1}
    expect(200, await post(shopper, f"/api/orders/{order['orderId']}/cancel", {"lines": [line]}))
    [waiting] = (await shopper.order(order["orderId"]))["refunds"]
    assert waiting["status"] == "PENDING"
    await decide("lost")
    [item] = await refusals(admin, order, 1, "lost")
    assert (item["refundId"], item["amount"], item["refusal"]) == (waiting["refundId"], waiting["amount"], "disputed")
    [refused] = (await shopper.order(order["orderId"]))["refunds"]
    assert (refused["status"], refused["refusal"]) == ("REFUSED", "disputed")
    path = f"/api/orders/{order['orderId']}/refunds/{item['refundId']}/retry"
    said = problem(await post(admin, path), 409, "illegal_transition")
    assert "by a dispute" in said["detail"]
    assert house.problems() == []


async def test_what_a_lost_dispute_left_of_a_refund_is_given_back_when_somebody_asks(
    house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]
) -> None:
    left = {"amount": 500, "currency": "USD"}
    decide = await dispute(house, order, {**grand(order), "amount": grand(order)["amount"] - 500})
    await once_disputed(shopper, order, "OPEN")
    line = {"lineId": order["lines"][0]["lineId"], "quantity": 1}
    expect(200, await post(shopper, f"/api/orders/{order['orderId']}/cancel", {"lines": [line]}))
    await decide("lost")
    [item] = await refusals(admin, order, 1, "lost")
    assert item["amount"]["amount"] > 500
    path = f"/api/orders/{order['orderId']}/refunds/{item['refundId']}/retry"
    again = expect(202, await post(admin, path))
    lost = {**left, "amount": item["amount"]["amount"] - 500}
    assert (again["status"], again["amount"], again["lost"]) == ("PENDING", item["amount"], lost)
    await once(shopper, order, payment="partially_refunded")
    [returned] = (await shopper.order(order["orderId"]))["refunds"]
    assert (returned["status"], returned["amount"], returned["lost"]) == ("REFUNDED", item["amount"], lost)
    assert given_back(house, order) == 500
    assert await refusals(admin, order, 0, "lost") == []
    problem(await post(admin, path), 409, "illegal_transition")
    assert house.problems() == []


async def test_won_the_money_can_be_refunded(
    house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]
) -> None:
    decide = await dispute(house, order)
    await once_disputed(shopper, order, "OPEN")
    await decide("won")
    await once_disputed(shopper, order, "WON")
    expect(202, await refund(admin, order))
    await once(shopper, order, status="REFUNDED")
    assert given_back(house, order) == grand(order)["amount"]


async def test_what_is_not_disputed_can_be_refunded_meanwhile(
    house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]
) -> None:
    whole, part = grand(order), {"amount": 500, "currency": "USD"}
    await dispute(house, order, {**whole, "amount": whole["amount"] - 500})
    await once_disputed(shopper, order, "OPEN")
    problem(await refund(admin, order, amount={**part, "amount": 501}), 409, "illegal_transition")
    line = {"lineId": order["lines"][0]["lineId"]}
    problem(await refund(admin, order, lines=[line]), 409, "illegal_transition")
    expect(202, await refund(admin, order, amount=part))
    await once(shopper, order, payment="partially_refunded")
    assert given_back(house, order) == 500


@pytest.mark.own_house
async def test_the_books_show_what_it_took_and_from_whom(
    house: House, admin: Shopper, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    decide = await dispute(house, order)
    await once_disputed(shopper, order, "OPEN")
    assert (await balances(house, admin))["disputes"] == grand(order)["amount"]
    await decide("lost")
    await once_disputed(shopper, order, "LOST")
    assert not any((await balances(house, admin)).values())
    entries = (await seller.shopper.read(f"/api/shops/{seller.shop_id}/ledger"))["items"]
    assert [one["kind"] for one in entries] == ["dispute_lost", "captured"]
    assert entries[0]["total"]["amount"] == -entries[1]["total"]["amount"]


async def balances(house: House, admin: Shopper) -> dict[str, int]:
    """Once everything that moved is posted and shown."""
    position = str(await house.head())
    found = await admin.read("/api/admin/ledger?limit=100", Kontor_Min_Position=position)
    return {one["account"]: one["balance"]["amount"] for one in found["items"]}


@pytest.mark.own_house
async def test_only_administrators_list_them(seller: Seller, shopper: Shopper, admin: Shopper) -> None:
    for who in (shopper, seller.shopper):
        problem(await who.send("GET", LIST), 403, "forbidden")
    assert (await admin.read(LIST)) == {"items": [], "next": None, "prev": None}
