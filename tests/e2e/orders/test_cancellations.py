"""Orders called off whole or line by line: goods go back on sale, money goes back to the buyer, each once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from kontor.folder import DataFolder
from tests.e2e.aftersale import given_back, in_stock, post, settled, units_of
from tests.e2e.house import House, rows
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, fresh_key, problem


@pytest.fixture
async def skus(seller: Seller) -> list[str]:
    return [await seller.sells(price=1999, stock=10), await seller.sells(price=850, stock=10)]


@pytest.fixture
async def order(skus: list[str], shopper: Shopper) -> dict[str, Any]:
    """Paid: three of one thing, one of another, all of one seller."""
    await shopper.add(skus[0], 3)
    await shopper.add(skus[1])
    paid = await shopper.buy()
    assert (paid["status"], paid["cancellations"]) == ("PAID", [])
    return paid


async def pack(seller: Seller, order: dict[str, Any], *lines: dict[str, Any]) -> httpx.Response:
    path = f"/api/orders/{order['orderId']}/shipments"
    return await seller.shopper.send("POST", path, {"lines": list(lines)}, Idempotency_Key=fresh_key())


async def test_some_units_by_the_buyer(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any], skus: list[str]
) -> None:
    first = expect(
        200, await shopper.cancel(order["orderId"], lines=[units_of(order, 0, 1)], reason="ordered too many")
    )
    assert first["status"] == "PAID"
    assert [one["lines"] for one in first["cancellations"]] == [[units_of(order, 0, 1)]]
    assert first["cancellations"][0]["note"] == "ordered too many"
    shown = await settled(shopper, order)
    assert shown["cancellations"][0]["note"] == "ordered too many"
    [refund] = shown["refunds"]
    assert (refund["reason"], refund["cause"]) == ("cancelled", shown["cancellations"][0]["cancellationId"])
    assert refund["amount"]["amount"] == round(order["lines"][0]["total"]["amount"] / 3)
    await in_stock(seller, skus[0], onHand=10, committed=2, held=0, available=8)
    assert given_back(house, order) == refund["amount"]["amount"]
    timeline = await shopper.read(f"/api/orders/{order['orderId']}/timeline?limit=100")
    assert "Cancelled by line: 1 item" in [entry["text"] for entry in timeline["items"]]
    assert "ordered too many" not in str(timeline)
    assert house.problems() == []


async def test_stored_replies_keep_nothing_that_people_wrote(
    house: House, shopper: Shopper, order: dict[str, Any]
) -> None:
    path, key = f"/api/orders/{order['orderId']}/cancel", fresh_key()
    body = {"lines": [units_of(order, 0, 1)], "reason": "ordered too many"}
    first, again = [expect(200, await post(shopper, path, body, key)) for _ in range(2)]
    assert first == again
    assert first["cancellations"][0]["note"] == "ordered too many"
    kept = rows(DataFolder(house.folder).log, "SELECT body FROM replies")
    assert any(first["cancellations"][0]["cancellationId"].encode() in body for (body,) in kept)
    assert not any(b"ordered too many" in body for (body,) in kept)


async def test_line_by_line_until_nothing_is_left(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any], skus: list[str]
) -> None:
    for lines in ([units_of(order, 0, 1)], [units_of(order, 0)], [units_of(order, 1)]):
        last = expect(200, await shopper.cancel(order["orderId"], lines=lines, reason="changed my mind"))
    assert (last["status"], last["checkout"]["note"]) == ("CANCELLED", "changed my mind")
    assert [one["note"] for one in last["cancellations"]] == ["changed my mind"] * 2
    shown = await shopper.settled(order["orderId"])
    assert (shown["payment"]["status"], shown["checkout"]["note"]) == ("refunded", "changed my mind")
    assert len(shown["cancellations"]) == 2
    assert given_back(house, order) == order["totals"]["grand"]["amount"], "with its shipping"
    assert sum(one["amount"]["amount"] for one in shown["refunds"]) == order["totals"]["grand"]["amount"]
    for sku in skus:
        await in_stock(seller, sku, onHand=10, committed=0, held=0, available=10)
    assert house.problems() == []


async def test_a_seller_cancels_lines_of_their_own(
    house: House, seller: Seller, shopper: Shopper, skus: list[str]
) -> None:
    other = await open_shop(house.http, "Südholz")
    await shopper.add(skus[0], 2)
    await shopper.add(await other.sells())
    order = await shopper.buy()
    mine, theirs = units_of(order, 0, 1), units_of(order, 1)
    problem(await seller.shopper.cancel(order["orderId"], lines=[theirs]), 403, "forbidden")
    problem(await seller.shopper.cancel(order["orderId"]), 403, "forbidden")
    stranger = await open_shop(house.http, "Elsewhere")
    problem(await stranger.shopper.cancel(order["orderId"], lines=[mine]), 404, "not_found")
    answer = expect(200, await seller.shopper.cancel(order["orderId"], lines=[mine], reason="broken in storage"))
    assert set(answer) == {"orderId", "orderStatus", "lines", "version", "position"}
    assert (answer["orderStatus"], answer["lines"]) == ("PAID", [mine])
    shown = await settled(shopper, order)
    assert shown["refunds"][0]["amount"]["amount"] == order["lines"][0]["total"]["amount"] // 2
    listed = await seller.shopper.read(f"/api/shops/{seller.shop_id}/orders", Kontor_Min_Position=shopper.position)
    assert listed["items"][0]["cancelled"] == [mine]


async def test_a_seller_of_everything_cancels_the_whole_order(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    answer = expect(200, await seller.shopper.cancel(order["orderId"]))
    assert (answer["orderStatus"], answer["lines"]) == ("CANCELLED", [])
    await shopper.settled(order["orderId"])
    assert given_back(house, order) == order["totals"]["grand"]["amount"]


async def test_what_is_packed_stays_and_the_rest_goes(seller: Seller, shopper: Shopper, order: dict[str, Any]) -> None:
    expect(201, await pack(seller, order, units_of(order, 0, 2)))
    too_many = await shopper.cancel(order["orderId"], lines=[units_of(order, 0, 2)])
    assert (
        "what is packed can be returned" in problem(too_many, 422, "validation_failed", "#/lines/0/quantity")["detail"]
    )
    problem(await shopper.cancel(order["orderId"]), 409, "illegal_transition")
    rest = expect(200, await shopper.cancel(order["orderId"], lines=[units_of(order, 0), units_of(order, 1)]))
    assert rest["status"] == "PACKED", "all that is still to come is"
    assert (await pack(seller, order)).status_code == 422


async def test_cancel_and_pack_at_the_same_instant(
    house: House, seller: Seller, shopper: Shopper, skus: list[str]
) -> None:
    """Each unit is either sent or called off, whoever is quicker."""
    for _ in range(5):
        await shopper.add(skus[1])
        order = await shopper.buy()
        unit = units_of(order, 0, 1)
        cancelled, packed = await asyncio.gather(
            shopper.cancel(order["orderId"], lines=[unit]), pack(seller, order, unit)
        )
        if cancelled.status_code == 200:
            problem(packed, 409, "illegal_transition")
            await shopper.settled(order["orderId"])
            assert given_back(house, order) == order["totals"]["grand"]["amount"]
        else:
            problem(cancelled, 422, "validation_failed", "#/lines/0/quantity")
            expect(201, packed)
            assert given_back(house, order) == 0
    assert house.problems() == []


async def test_clicked_twice(house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]) -> None:
    key, lines = fresh_key(), [units_of(order, 0, 1)]
    first = expect(200, await shopper.cancel(order["orderId"], key, lines=lines))
    again = await shopper.cancel(order["orderId"], key, lines=lines)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first
    await settled(shopper, order)
    assert given_back(house, order) == round(order["lines"][0]["total"]["amount"] / 3)


async def test_before_it_is_paid_only_as_a_whole(seller: Seller, shopper: Shopper, skus: list[str]) -> None:
    await shopper.pays_with("pm_sim_late_webhook")
    await shopper.add(skus[0], 2)
    pending = expect(202, await shopper.place())
    problem(await shopper.cancel(pending["orderId"], lines=[units_of(pending, 0, 1)]), 409, "illegal_transition")
    cancelled = expect(200, await shopper.cancel(pending["orderId"]))
    assert cancelled["status"] == "CANCELLED"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"lines": [{"lineId": "lin_nobody"}]}, "#/lines/0/lineId"),
        ({"lines": [{"lineId": "lin_a"}] * 2}, "#/lines"),
        ({"lines": [{"lineId": "lin_a", "quantity": 0}]}, "#/lines/0/quantity"),
        ({"lines": {}}, "#/lines"),
        ({"reason": "x" * 201}, "#/reason"),
        ({"colour": "red"}, "#/colour"),
    ],
)
async def test_bad_input_leaves_no_event(
    house: House, shopper: Shopper, order: dict[str, Any], body: dict[str, Any], pointer: str
) -> None:
    head = await house.head()
    problem(await shopper.cancel(order["orderId"], **body), 422, "validation_failed", pointer)
    assert await house.head() == head
