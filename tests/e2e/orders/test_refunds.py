"""An administrator gives money back: whole, in parts, line by line; once, and never more than was paid."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.e2e.aftersale import given_back, in_stock, mislaid, once, post
from tests.e2e.buying.promotions import start, uses
from tests.e2e.giftcards import usd
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.orders.refused import refusals
from tests.e2e.shopper import Shopper, expect, fresh_key, problem


@pytest.fixture
async def order(seller: Seller, shopper: Shopper) -> dict[str, Any]:
    """Paid: three of one thing, one of another."""
    await shopper.add(await seller.sells(price=1999), 3)
    await shopper.add(await seller.sells(price=850))
    paid = await shopper.buy()
    assert (paid["status"], paid["refunds"]) == ("PAID", [])
    return paid


async def ask(admin: Shopper, order: dict[str, Any], key: str = "", **body: Any) -> httpx.Response:
    path = f"/api/orders/{order['orderId']}/refunds"
    return await admin.send("POST", path, {"reason": "goodwill", **body}, Idempotency_Key=key or fresh_key())


async def test_a_part_and_then_the_rest(house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]) -> None:
    granted = expect(202, await ask(admin, order, amount=usd(500)))
    assert (granted["status"], granted["amount"], granted["reason"]) == ("PENDING", usd(500), "goodwill")
    assert granted["createdAt"] == granted["updatedAt"]
    assert (granted["orderId"], granted["orderStatus"]) == (order["orderId"], "PAID")
    shown = await once(shopper, order, payment="partially_refunded")
    assert [(one["refundId"], one["status"]) for one in shown["refunds"]] == [(granted["refundId"], "REFUNDED")]
    assert given_back(house, order) == 500
    rest = expect(202, await ask(admin, order))
    assert rest["amount"]["amount"] == order["totals"]["grand"]["amount"] - 500
    shown = await once(shopper, order, status="REFUNDED")
    assert shown["payment"]["status"] == "refunded"
    assert given_back(house, order) == order["totals"]["grand"]["amount"]
    listed = await shopper.read("/api/orders?status=REFUNDED")
    assert [one["orderId"] for one in listed["items"]] == [order["orderId"]]
    timeline = await shopper.read(f"/api/orders/{order['orderId']}/timeline?limit=100")
    words = [entry["text"] for entry in timeline["items"]]
    assert words[-8:-5] == [
        "Refund granted: 5.00 USD, goodwill",
        "Refund requested: 5.00 USD",
        "Refunded: 5.00 USD",
    ]
    assert words[-4] == "Cancelled by line: 4 items", "nobody sends what is paid back"
    assert words[-1] == "Everything that was paid has been given back"
    assert house.problems() == []


async def test_what_is_refunded_in_full_before_it_is_packed_can_be_bought_by_others(
    house: House, admin: Shopper, seller: Seller, shopper: Shopper
) -> None:
    """And so can what a promotion takes off, that a few may have."""
    promotion_id = await start(admin, limit=1)
    sku = await seller.sells(stock=3)
    await shopper.add(sku, 3)
    order = await shopper.buy()
    await in_stock(seller, sku, committed=3, available=0)
    assert await uses(house, promotion_id) == (1, 0)
    granted = expect(202, await ask(admin, order))
    assert granted["orderStatus"] == "PAID"
    shown = await once(shopper, order, status="REFUNDED")
    [called_off] = shown["cancellations"]
    assert called_off["lines"] == [{"lineId": order["lines"][0]["lineId"], "quantity": 3}]
    await in_stock(seller, sku, committed=0, available=3)
    for _ in range(250):
        if await uses(house, promotion_id) == (0, 0):
            break
        await asyncio.sleep(0.02)
    assert await uses(house, promotion_id) == (0, 0)
    packing = await post(seller.shopper, f"/api/orders/{order['orderId']}/shipments", {})
    problem(packing, 409, "illegal_transition")
    assert given_back(house, order) == order["totals"]["grand"]["amount"]
    await shopper.add(sku, 3)
    assert (await shopper.buy())["totals"]["discount"] == order["totals"]["discount"]
    assert house.problems() == []


async def test_lines_and_shipping(house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]) -> None:
    three, one = order["lines"]
    lines = [{"lineId": three["lineId"], "quantity": 1}]
    first = expect(202, await ask(admin, order, lines=lines))
    rest = [{"lineId": three["lineId"]}, {"lineId": one["lineId"]}]
    second = expect(202, await ask(admin, order, lines=rest, shipping=True, reason="damaged"))
    assert [(line["lineId"], line["quantity"]) for line in second["lines"]] == [
        (three["lineId"], 2),
        (one["lineId"], 1),
    ]
    amounts = [share["amount"]["amount"] for granted in (first, second) for share in granted["lines"]]
    assert amounts[0] + amounts[1] == three["total"]["amount"]
    assert amounts[2] == one["total"]["amount"]
    assert sum(amounts) + second["shipping"]["amount"] == order["totals"]["grand"]["amount"]
    await once(shopper, order, status="REFUNDED")
    assert given_back(house, order) == order["totals"]["grand"]["amount"]


async def test_refund_clicked_twice(house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]) -> None:
    """Once with the same key, and once as a new request: no unit's money goes back twice."""
    key, lines = fresh_key(), [{"lineId": order["lines"][1]["lineId"]}]
    first, again = await asyncio.gather(*(ask(admin, order, key, lines=lines) for _ in range(2)))
    answered = [answer for answer in (first, again) if answer.status_code == 202]
    for answer in (first, again):
        if answer.status_code != 202:
            problem(answer, 409, "idempotency_in_flight")
    replayed = await ask(admin, order, key, lines=lines)
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert {answer.json()["refundId"] for answer in (*answered, replayed)} == {answered[0].json()["refundId"]}
    problem(await ask(admin, order, lines=lines), 422, "validation_failed", "#/lines/0/lineId")
    await once(shopper, order, payment="partially_refunded")
    assert given_back(house, order) == order["lines"][1]["total"]["amount"]


async def test_two_refunds_at_the_same_instant_exceed_the_captured_amount(
    house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]
) -> None:
    amount = order["totals"]["grand"]["amount"] // 2 + 1
    answers = await asyncio.gather(*(ask(admin, order, amount=usd(amount)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [202, 422, 422, 422]
    for answer in answers:
        if answer.status_code == 422:
            problem(answer, 422, "validation_failed", "#/amount")
    await once(shopper, order, payment="partially_refunded")
    assert given_back(house, order) == amount


async def test_the_rest_of_an_order_that_is_called_off_may_be_refused_too(
    house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]
) -> None:
    with mislaid(house, order):
        expect(200, await shopper.cancel(order["orderId"]))
        [item] = await refusals(admin, order, 1)
    assert (item["orderId"], item["reason"], item["amount"]) == (
        order["orderId"],
        "cancelled",
        order["totals"]["grand"],
    )
    path = f"/api/orders/{order['orderId']}/refunds/{item['refundId']}/retry"
    expect(202, await admin.send("POST", path, Idempotency_Key=fresh_key()))
    await once(shopper, order, payment="refunded")
    assert await refusals(admin, order, 0) == []


async def test_a_refused_refund_is_tried_again(
    house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]
) -> None:
    path = f"/api/orders/{order['orderId']}/refunds"
    with mislaid(house, order):
        granted = expect(202, await ask(admin, order))
        for _ in range(500):
            [shown] = (await shopper.order(order["orderId"]))["refunds"]
            if shown["status"] == "REFUSED":
                break
            await asyncio.sleep(0.02)
        assert (shown["status"], shown["refusal"]) == ("REFUSED", "unknown_charge")
        [item] = await refusals(admin, order, 1)
    assert (item["refundId"], item["orderId"]) == (granted["refundId"], order["orderId"])
    assert (item["amount"], item["reason"], item["refusal"]) == (granted["amount"], "goodwill", "unknown_charge")
    problem(await admin.send("POST", f"{path}/rfd_nobody/retry", Idempotency_Key=fresh_key()), 404, "not_found")
    key = fresh_key()
    for _ in range(2):
        answer = await admin.send("POST", f"{path}/{granted['refundId']}/retry", Idempotency_Key=key)
        assert expect(202, answer)["status"] == "PENDING"
    await once(shopper, order, status="REFUNDED")
    assert await refusals(admin, order, 0) == []
    late = await admin.send("POST", f"{path}/{granted['refundId']}/retry", Idempotency_Key=fresh_key())
    problem(late, 409, "illegal_transition")
    assert given_back(house, order) == order["totals"]["grand"]["amount"]
    assert house.problems() == []


async def test_called_off_after_a_partial_refund(
    house: House, admin: Shopper, shopper: Shopper, order: dict[str, Any]
) -> None:
    expect(202, await ask(admin, order, amount=usd(500)))
    await once(shopper, order, payment="partially_refunded")
    expect(200, await shopper.cancel(order["orderId"]))
    shown = await once(shopper, order, status="CANCELLED", payment="refunded")
    grand = order["totals"]["grand"]["amount"]
    assert [one["amount"]["amount"] for one in shown["refunds"]] == [500, grand - 500]
    assert given_back(house, order) == grand
    problem(await ask(admin, order), 409, "illegal_transition")


async def test_only_administrators_refund_all_or_any_amount(
    seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    for who in (shopper, seller.shopper):
        problem(await ask(who, order), 403, "forbidden")
        problem(await ask(who, order, amount=usd(1)), 403, "forbidden")
        problem(await ask(who, {"orderId": "ord_01KARQ0000ABCDEFGHJKMNPQRS"}), 403, "forbidden")
        problem(await who.send("GET", "/api/admin/refused-refunds"), 403, "forbidden")


async def test_a_key_is_required(admin: Shopper, order: dict[str, Any]) -> None:
    path = f"/api/orders/{order['orderId']}/refunds"
    problem(await admin.send("POST", path, {"reason": "goodwill"}), 400, "idempotency_key_missing")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount": usd(10**9)}, "#/amount"),
        ({"amount": usd(0)}, "#/amount"),
        ({"amount": {"amount": 1, "currency": "EUR"}}, "#/amount/currency"),
        ({"amount": {"amount": 1.5, "currency": "USD"}}, "#/amount/amount"),
        ({"lines": [{"lineId": "lin_nobody"}]}, "#/lines/0/lineId"),
        ({"lines": [{"lineId": "lin_a"}] * 2}, "#/lines"),
        ({"shipping": "yes"}, "#/shipping"),
        ({"reason": ""}, "#/reason"),
        ({"reason": "4111 1111 1111 1111"}, "#/reason"),
        ({"colour": "red"}, "#/colour"),
    ],
)
async def test_bad_input_leaves_no_event(
    house: House, admin: Shopper, order: dict[str, Any], body: dict[str, Any], pointer: str
) -> None:
    head = await house.head()
    problem(await ask(admin, order, **body), 422, "validation_failed", pointer)
    assert await house.head() == head


async def test_unpaid_and_unknown_orders(admin: Shopper, shopper: Shopper, seller: Seller) -> None:
    await shopper.pays_with("pm_sim_late_webhook")
    await shopper.add(await seller.sells())
    pending = expect(202, await shopper.place())
    problem(await ask(admin, pending), 409, "illegal_transition")
    for order_id in ("ord_nobody", "ord_01KARQ0000ABCDEFGHJKMNPQRS"):
        problem(await ask(admin, {"orderId": order_id}), 404, "not_found")
