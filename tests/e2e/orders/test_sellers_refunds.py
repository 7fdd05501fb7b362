"""Sellers give back what their own lines cost: never another shop's part, and never twice."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from kontor.operating.users import _revoke
from kontor.settings import Settings
from tests.e2e.aftersale import bought_of_both, given_back, line_of, post, settled
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.orders.disputes import dispute, once_disputed
from tests.e2e.shopper import Shopper, expect, fresh_key, problem


@pytest.fixture
async def other(house: House) -> Seller:
    return await open_shop(house.http, "Elsewhere")


@pytest.fixture
async def order(seller: Seller, other: Seller, shopper: Shopper) -> dict[str, Any]:
    return await bought_of_both(shopper, seller, other)


async def ask(who: Shopper, order: dict[str, Any], key: str = "", **body: Any) -> httpx.Response:
    return await post(who, f"/api/orders/{order['orderId']}/refunds", {"reason": "damaged", **body}, key)


async def earned(seller: Seller, kinds: list[str]) -> list[dict[str, Any]]:
    """The shop's ledger once its newest movements are these."""
    for _ in range(500):
        entries: list[dict[str, Any]] = (await seller.shopper.read(f"/api/shops/{seller.shop_id}/ledger"))["items"]
        if [one["kind"] for one in entries] == kinds:
            return entries
        await asyncio.sleep(0.02)
    raise AssertionError(entries)


async def test_a_seller_gives_back_lines_and_shipping(
    house: House, seller: Seller, other: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    line = line_of(order, seller)
    one = {"lineId": line["lineId"], "quantity": 1}
    granted = expect(202, await ask(seller.shopper, order, lines=[one], shipping=True))
    assert [share["lineId"] for share in granted["lines"]] == [line["lineId"]]
    unit, carriage = granted["lines"][0]["amount"]["amount"], granted["shipping"]["amount"]
    assert granted["amount"]["amount"] == unit + carriage
    refunded = await settled(shopper, order)
    assert [(refund["refundId"], refund["amount"]) for refund in refunded["refunds"]] == [
        (granted["refundId"], granted["amount"])
    ]
    assert given_back(house, order) == granted["amount"]["amount"]
    back, sold = await earned(seller, ["refunded", "captured"])
    assert back["shipping"]["amount"] == -sold["shipping"]["amount"] != 0, "its own parcels, and nobody else's"
    assert 2 * back["goods"]["amount"] == -sold["goods"]["amount"]
    await earned(other, ["captured"])
    [refund] = (await seller.shopper.read(f"/api/shops/{seller.shop_id}/orders/{order['orderId']}"))["refunds"]
    assert (refund["refundId"], refund["amount"]) == (granted["refundId"], granted["amount"])
    assert house.problems() == []


async def test_no_unit_goes_back_twice_whoever_asks(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    key, lines = fresh_key(), [{"lineId": line_of(order, seller)["lineId"]}]
    first = expect(202, await ask(seller.shopper, order, key, lines=lines))
    again = await ask(seller.shopper, order, key, lines=lines)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["refundId"] == first["refundId"]
    problem(await ask(seller.shopper, order, lines=lines), 422, "validation_failed", "#/lines/0/lineId")
    problem(await ask(admin, order, lines=lines), 422, "validation_failed", "#/lines/0/lineId")
    await settled(shopper, order)
    assert given_back(house, order) == line_of(order, seller)["total"]["amount"]
    path = f"/api/orders/{order['orderId']}/refunds"
    problem(await seller.shopper.send("POST", path, {"reason": "x", "lines": lines}), 400, "idempotency_key_missing")


async def test_another_shops_part_is_not_the_sellers_to_give(
    house: House, seller: Seller, other: Seller, order: dict[str, Any]
) -> None:
    head = await house.head()
    both = [{"lineId": line_of(order, one)["lineId"]} for one in (seller, other)]
    problem(await ask(seller.shopper, order, lines=both), 403, "forbidden")
    problem(await ask(seller.shopper, order, lines=both[1:]), 403, "forbidden")
    problem(await ask(seller.shopper, order, amount={"amount": 1, "currency": "USD"}), 403, "forbidden")
    problem(await ask(seller.shopper, order), 403, "forbidden")
    rival = await open_shop(house.http, "Nowhere")
    problem(await ask(rival.shopper, order, lines=both[:1]), 403, "forbidden")
    events = [row.topic for row in await house.log.read(head, 1_000)]
    assert not [topic for topic in events if topic.startswith(("order.", "payment."))]


async def test_once_all_sellers_bear_a_part_administrators_go_on(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    lines = [{"lineId": line_of(order, seller)["lineId"], "quantity": 1}]
    decide = await dispute(house, order, {"amount": 100, "currency": "USD"})
    await once_disputed(shopper, order, "OPEN")
    said = problem(await ask(seller.shopper, order, lines=lines), 409, "illegal_transition")
    assert "administrator" in said["detail"]
    await decide("won")
    await once_disputed(shopper, order, "WON")
    expect(202, await ask(seller.shopper, order, lines=lines))
    expect(202, await ask(admin, order, amount={"amount": 100, "currency": "USD"}))
    problem(await ask(seller.shopper, order, lines=lines), 409, "illegal_transition")
    expect(202, await ask(admin, order, lines=lines))


async def test_whom_selling_was_taken_from_gives_nothing_back(
    house: House, seller: Seller, order: dict[str, Any]
) -> None:
    await _revoke(seller.shopper.email, "merchant", False, Settings(data=house.folder))
    await seller.shopper.sign_in()
    lines = [{"lineId": line_of(order, seller)["lineId"]}]
    said = problem(await ask(seller.shopper, order, lines=lines), 403, "forbidden")
    assert "was taken from" in said["detail"]
