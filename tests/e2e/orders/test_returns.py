"""Goods that go back: asked for, approved, received; put back on sale or written off; the buyer's money by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from domain.orders.returns import DAY_MS
from kontor.folder import DataFolder
from tests.e2e.aftersale import given_back, in_stock, post, settled, units_of
from tests.e2e.house import House, in_process, rows
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, fresh_key, problem, sign_up

LABEL = {"carrier": "UPS", "tracking": "1Z999AA10123456784"}


@pytest.fixture
async def skus(seller: Seller) -> list[str]:
    return [await seller.sells(price=1999, stock=10), await seller.sells(price=850, stock=10)]


@pytest.fixture
async def order(skus: list[str], seller: Seller, shopper: Shopper) -> dict[str, Any]:
    """Delivered: three of one thing, one of another, all of one seller."""
    await shopper.add(skus[0], 3)
    await shopper.add(skus[1])
    paid = await shopper.buy()
    await deliver(seller, paid)
    for sku, left in zip(skus, (7, 9), strict=True):
        await in_stock(seller, sku, onHand=left)
    return paid


async def deliver(seller: Seller, order: dict[str, Any]) -> None:
    path = f"/api/orders/{order['orderId']}/shipments"
    sent = expect(201, await post(seller.shopper, path, {"carrier": "UPS"}))
    expect(200, await post(seller.shopper, f"{path}/{sent['shipmentId']}/delivered"))


async def send_back(shopper: Shopper, order: dict[str, Any], *lines: dict[str, Any], key: str = "") -> httpx.Response:
    return await post(shopper, f"/api/orders/{order['orderId']}/returns", {"lines": list(lines)}, key)


def where(order: dict[str, Any], sent: dict[str, Any], step: str) -> str:
    return f"/api/orders/{order['orderId']}/returns/{sent['returnId']}/{step}"


async def test_stored_replies_keep_nothing_that_people_wrote(
    house: House, shopper: Shopper, order: dict[str, Any]
) -> None:
    sent = expect(201, await send_back(shopper, order, units_of(order, 0, 2, reason="too small")))
    kept = rows(DataFolder(house.folder).log, "SELECT body FROM replies")
    assert any(sent["returnId"].encode() in body for (body,) in kept)
    assert not any(b"too small" in body for (body,) in kept)


async def test_from_the_request_to_the_refund(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any], skus: list[str]
) -> None:
    lines, key = [units_of(order, 0, 2, reason="too small"), units_of(order, 1, 1)], fresh_key()
    sent = expect(201, await send_back(shopper, order, *lines, key=key))
    assert (sent["status"], sent["shopId"], sent["orderStatus"]) == ("REQUESTED", seller.shop_id, "DELIVERED")
    assert [line["reason"] for line in sent["lines"]] == ["too small", None]
    assert expect(201, await send_back(shopper, order, *lines, key=key)) == sent
    shown = (await shopper.order(order["orderId"]))["returns"][0]
    assert [line["reason"] for line in shown["lines"]] == ["too small", None]
    approved = expect(200, await post(seller.shopper, where(order, sent, "approve"), LABEL))
    assert (approved["status"], approved["label"]) == ("APPROVED", LABEL)
    assert approved["lines"][0]["reason"] == "too small"
    received = expect(200, await post(seller.shopper, where(order, sent, "receive"), {"restock": True}))
    assert (received["status"], received["restocked"]) == ("RECEIVED", True)
    shown = await settled(shopper, order)
    two, one = order["lines"]
    cost = two["total"]["amount"] * 2 / 3 + one["total"]["amount"]
    [refund] = shown["refunds"]
    assert abs(refund["amount"]["amount"] - cost) < 1
    assert (refund["reason"], refund["cause"], refund["shipping"]) == ("returned", sent["returnId"], None)
    assert given_back(house, order) == refund["amount"]["amount"]
    await in_stock(seller, skus[0], onHand=9, committed=0, held=0, available=9)
    await in_stock(seller, skus[1], onHand=10, committed=0, held=0, available=10)
    timeline = await shopper.read(f"/api/orders/{order['orderId']}/timeline?limit=100")
    words = [entry["text"] for entry in timeline["items"]]
    assert [text for text in words if text.startswith("Return")] == [
        "Return requested: 3 items",
        "Return approved: to be sent with UPS, 1Z999AA10123456784",
        "Return received: 3 items, to be sold again",
    ]
    assert "too small" not in str(timeline)
    listed = await seller.shopper.read(f"/api/shops/{seller.shop_id}/orders", Kontor_Min_Position=shopper.position)
    assert listed["items"][0]["returns"][0]["lines"][0]["reason"] == "too small"
    assert house.problems() == []


async def test_everything_with_its_shipping_is_refunded_whole(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    sent = expect(201, await send_back(shopper, order, {"lineId": order["lines"][0]["lineId"]}, units_of(order, 1, 1)))
    expect(200, await post(seller.shopper, where(order, sent, "approve")))
    body = {"restock": False, "refundShipping": True}
    expect(200, await post(seller.shopper, where(order, sent, "receive"), body))
    for _ in range(500):
        shown = await shopper.order(order["orderId"])
        if shown["status"] == "REFUNDED":
            break
        await asyncio.sleep(0.02)
    assert (shown["status"], shown["payment"]["status"]) == ("REFUNDED", "refunded")
    assert given_back(house, order) == order["totals"]["grand"]["amount"]


async def test_a_part_arrives_and_is_written_off(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any], skus: list[str]
) -> None:
    sent = expect(201, await send_back(shopper, order, units_of(order, 0, 3)))
    expect(200, await post(seller.shopper, where(order, sent, "approve"), LABEL))
    body = {"lines": [units_of(order, 0, 1)], "restock": False}
    received = expect(200, await post(seller.shopper, where(order, sent, "receive"), body))
    assert (received["received"], received["restocked"]) == ([units_of(order, 0, 1)], False)
    await settled(shopper, order)
    assert given_back(house, order) == round(order["lines"][0]["total"]["amount"] / 3)
    again = expect(201, await send_back(shopper, order, units_of(order, 0, 2)))
    assert again["status"] == "REQUESTED"
    await in_stock(seller, skus[0], onHand=7, committed=0, held=0, available=7)
    assert house.problems() == []


async def test_rejected(seller: Seller, shopper: Shopper, order: dict[str, Any]) -> None:
    sent = expect(201, await send_back(shopper, order, units_of(order, 0, 1)))
    for _ in range(2):
        rejected = expect(200, await post(seller.shopper, where(order, sent, "reject"), {"reason": "worn"}))
        assert (rejected["status"], rejected["refusal"]) == ("REJECTED", "worn")
    assert (await shopper.order(order["orderId"]))["returns"][0]["refusal"] == "worn"
    problem(await post(seller.shopper, where(order, sent, "approve"), LABEL), 409, "illegal_transition")
    problem(await post(seller.shopper, where(order, sent, "receive"), {"restock": True}), 409, "illegal_transition")
    assert (await shopper.order(order["orderId"]))["refunds"] == []


async def test_every_step_twice_is_done_once(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any], skus: list[str]
) -> None:
    """By key, and by state when the key is another."""
    key = fresh_key()
    sent = expect(201, await send_back(shopper, order, units_of(order, 0, 1), key=key))
    again = await send_back(shopper, order, units_of(order, 0, 1), key=key)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (sent, "true")
    for step, body in (("approve", LABEL), ("receive", {"restock": True})):
        key = fresh_key()
        answers = [await post(seller.shopper, where(order, sent, step), body, used) for used in (key, key, fresh_key())]
        assert {answer.json()["status"] for answer in answers if expect(200, answer)} == {f"{step.upper()}D"[:8]}
    problem(await post(seller.shopper, where(order, sent, "receive"), {"restock": False}), 409, "illegal_transition")
    await settled(shopper, order)
    assert given_back(house, order) == round(order["lines"][0]["total"]["amount"] / 3)
    await in_stock(seller, skus[0], onHand=8)
    shown = await shopper.order(order["orderId"])
    assert (len(shown["returns"]), len(shown["refunds"])) == (1, 1)


async def test_within_the_days_that_the_house_allows(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    now = house.services.clock()
    house.services.clock = lambda: now + 29 * DAY_MS
    expect(201, await send_back(shopper, order, units_of(order, 0, 1)))
    house.services.clock = lambda: now + 31 * DAY_MS
    late = problem(
        await send_back(shopper, order, units_of(order, 0, 1)), 422, "validation_failed", "#/lines/0/quantity"
    )
    assert "30 days" in late["detail"]


async def test_the_house_may_allow_other_days(tmp_path: Any) -> None:
    async with in_process(tmp_path / "data", return_days=2) as house:
        seller = await open_shop(house.http)
        shopper = await (await sign_up(house.http)).move_in()
        await shopper.add(await seller.sells())
        order = await shopper.buy()
        await deliver(seller, order)
        now = house.services.clock()
        house.services.clock = lambda: now + 3 * DAY_MS
        refused = problem(await send_back(shopper, order, units_of(order, 0, 1)), 422, "validation_failed")
        assert "2 days" in refused["detail"]


async def test_only_what_was_delivered_and_of_one_shop(house: House, seller: Seller, shopper: Shopper) -> None:
    other = await open_shop(house.http, "Südholz")
    await shopper.add(await seller.sells())
    await shopper.add(await other.sells())
    order = await shopper.buy()
    both = [units_of(order, 0, 1), units_of(order, 1, 1)]
    problem(await send_back(shopper, order, both[0]), 422, "validation_failed", "#/lines/0/quantity")
    for shop in (seller, other):
        await deliver(shop, order)
    problem(await send_back(shopper, order, *both), 422, "validation_failed", "#/lines/1/lineId")
    mine, theirs = [expect(201, await send_back(shopper, order, line)) for line in both]
    problem(await post(other.shopper, where(order, mine, "approve"), LABEL), 404, "not_found")
    assert expect(200, await post(other.shopper, where(order, theirs, "approve"), LABEL))["shopId"] == other.shop_id


async def test_who_may(house: House, seller: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]) -> None:
    stranger = await sign_up(house.http, "Grace Other")
    for who in (stranger, seller.shopper):
        problem(await send_back(who, order, units_of(order, 0, 1)), 404, "not_found")
    sent = expect(201, await send_back(shopper, order, units_of(order, 0, 1)))
    for who in (stranger, shopper):
        for step, body in (("approve", LABEL), ("reject", {"reason": "worn"}), ("receive", {"restock": True})):
            problem(await post(who, where(order, sent, step), body), 404, "not_found")
    expect(200, await post(admin, where(order, sent, "approve"), LABEL))
    problem(await post(admin, where(order, {"returnId": "ret_nobody"}, "approve"), LABEL), 404, "not_found")
    path = f"/api/orders/{order['orderId']}/returns"
    answer = await shopper.send("POST", path, {"lines": [units_of(order, 0, 1)]})
    problem(answer, 400, "idempotency_key_missing")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lines": []}, "#/lines"),
        ({}, "#/lines"),
        ({"lines": [{"lineId": "lin_nobody", "quantity": 1}]}, "#/lines/0/lineId"),
        ({"lines": [{"lineId": "lin_a", "quantity": 1}] * 2}, "#/lines"),
        ({"lines": [{"lineId": "lin_a", "quantity": 1, "reason": "4111 1111 1111 1111"}]}, "#/lines/0/reason"),
        ({"lines": [{"lineId": "lin_a", "quantity": 1, "reason": "\x07"}]}, "#/lines/0/reason"),
        ({"lines": [{"lineId": "lin_a"}], "colour": "red"}, "#/colour"),
    ],
)
async def test_bad_input_leaves_no_event(
    house: House, shopper: Shopper, order: dict[str, Any], body: dict[str, Any], pointer: str
) -> None:
    head = await house.head()
    answer = await post(shopper, f"/api/orders/{order['orderId']}/returns", body)
    problem(answer, 422, "validation_failed", pointer)
    assert await house.head() == head


@pytest.mark.parametrize(
    ("step", "body", "pointer"),
    [
        ("approve", {"tracking": "1Z"}, "#/carrier"),
        ("reject", {}, "#/reason"),
        ("receive", {}, "#/restock"),
        ("receive", {"restock": True, "lines": [{"lineId": "lin_nobody"}]}, "#/lines/0/lineId"),
        ("receive", {"restock": True, "refundShipping": 1}, "#/refundShipping"),
    ],
)
async def test_bad_steps_leave_no_event(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any], step: str, body: Any, pointer: str
) -> None:
    sent = expect(201, await send_back(shopper, order, units_of(order, 0, 1)))
    if step == "receive":
        expect(200, await post(seller.shopper, where(order, sent, "approve")))
    head = await house.head()
    problem(await post(seller.shopper, where(order, sent, step), body), 422, "validation_failed", pointer)
    assert await house.head() == head


async def test_what_people_wrote_goes_with_the_person(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    expect(201, await send_back(shopper, order, units_of(order, 0, 1, reason="my mother, Ada, did not like it")))
    answer = await shopper.send("DELETE", "/api/me")
    assert answer.status_code in (200, 202, 204), answer.text
    shown = await admin.read(f"/api/orders/{order['orderId']}")
    assert shown["returns"][0]["lines"][0]["reason"] is None
