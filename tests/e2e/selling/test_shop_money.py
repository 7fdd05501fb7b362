"""What sellers see of money that goes back, and of money that a bank decides about: their own part, nobody else's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.aftersale import bought_of_both, line_of, post
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.orders.disputes import dispute, once_disputed
from tests.e2e.selling.lists import every
from tests.e2e.shopper import Shopper, expect, latest


@pytest.fixture
async def other(house: House) -> Seller:
    return await open_shop(house.http, "Elsewhere")


@pytest.fixture
async def order(seller: Seller, other: Seller, shopper: Shopper) -> dict[str, Any]:
    return await bought_of_both(shopper, seller, other)


async def seen(seller: Seller, order: dict[str, Any], position: str = "0") -> dict[str, Any]:
    """As the seller sees it once nothing is on its way back, and as it stands in the seller's list."""
    seller.shopper.position = latest(seller.shopper.position, position, order["position"])
    path = f"/api/shops/{seller.shop_id}/orders"
    for _ in range(500):
        answer = await seller.shopper.send("GET", f"{path}/{order['orderId']}")
        found: dict[str, Any] = expect(200, answer)
        if all(one["status"] != "PENDING" for one in found["refunds"]):
            seller.shopper.position = answer.headers["Kontor-Position"]
            assert found in await every(seller, f"{path}?limit=100")
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(found)


async def listed(seller: Seller, query: str) -> list[str]:
    return [one["orderId"] for one in await every(seller, f"/api/shops/{seller.shop_id}/orders?{query}")]


async def refund(admin: Shopper, order: dict[str, Any], **body: Any) -> dict[str, Any]:
    path = f"/api/orders/{order['orderId']}/refunds"
    return expect(202, await post(admin, path, {"reason": "damaged", **body}))


async def test_a_refund_of_lines_is_told_to_whose_they_are(
    seller: Seller, other: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    mine, theirs = line_of(order, seller), line_of(order, other)
    assert (await seen(seller, order))["refunds"] == []
    lines = [{"lineId": mine["lineId"], "quantity": 1}, {"lineId": theirs["lineId"]}]
    granted = await refund(admin, order, lines=lines, shipping=True)
    [ours] = (await seen(seller, order, granted["position"]))["refunds"]
    [other_part] = (await seen(other, order, granted["position"]))["refunds"]
    assert [line["lineId"] for line in ours["lines"]] == [mine["lineId"]]
    assert [line["lineId"] for line in other_part["lines"]] == [theirs["lineId"]]
    assert ours["amount"]["amount"] == ours["lines"][0]["amount"]["amount"] + ours["shipping"]["amount"]
    parts = [one["amount"]["amount"] for one in (ours, other_part)]
    assert sum(parts) == granted["amount"]["amount"]
    assert {one["refundId"] for one in (ours, other_part)} == {granted["refundId"]}
    assert (ours["reason"], ours["cause"], ours["refusal"]) == ("damaged", None, None)
    shown_to_buyer = (await shopper.order(order["orderId"]))["refunds"][0]
    assert shown_to_buyer["amount"] == granted["amount"], "buyers see the whole of it"


async def test_of_a_refund_by_amount_each_shop_bears_its_part(
    seller: Seller, other: Seller, admin: Shopper, order: dict[str, Any]
) -> None:
    granted = await refund(admin, order, amount={"amount": 500, "currency": "USD"})
    parts = []
    for one in (seller, other):
        [part] = (await seen(one, order, granted["position"]))["refunds"]
        assert (part["lines"], part["shipping"]) == ([], None)
        parts.append(part["amount"]["amount"])
    assert parts == [400, 100], "two of 20.00 and one of 10.00"
    first = await refund(admin, order, lines=[{"lineId": line_of(order, other)["lineId"]}])
    last = await refund(admin, order, amount={"amount": 700, "currency": "USD"})
    amounts = [one["amount"]["amount"] for one in (await seen(seller, order, last["position"]))["refunds"]]
    assert amounts == [400, 700], "who gave everything back bears no more of what comes later"
    refunds = (await seen(other, order, last["position"]))["refunds"]
    assert [one["refundId"] for one in refunds] == [granted["refundId"], first["refundId"]]


async def test_orders_by_what_became_of_their_money(
    house: House, seller: Seller, other: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    decide = await dispute(house, order, {"amount": 1000, "currency": "USD"})
    disputed = await once_disputed(shopper, order, "OPEN")
    [mine] = (await seen(seller, disputed))["disputes"]
    [theirs] = (await seen(other, disputed))["disputes"]
    assert (mine["status"], mine["reason"], mine["closedAt"]) == ("OPEN", "fraudulent", None)
    assert mine["evidenceBy"] > mine["openedAt"]
    assert [one["amount"]["amount"] for one in (mine, theirs)] == [800, 200]
    assert await listed(seller, "disputed=open") == [order["orderId"]]
    assert [await listed(seller, query) for query in ("disputed=closed", "refunded=true")] == [[], []]
    await decide("won")
    won = await once_disputed(shopper, order, "WON")
    [mine] = (await seen(seller, won))["disputes"]
    assert (mine["status"], mine["closedAt"] is None) == ("WON", False)
    assert await listed(seller, "disputed=closed") == [order["orderId"]]
    assert await listed(seller, "disputed=open") == []

    granted = await refund(admin, order, lines=[{"lineId": line_of(order, other)["lineId"]}])
    for one in (seller, other):
        await seen(one, order, granted["position"])
    assert await listed(other, "refunded=true&limit=1") == [order["orderId"]]
    assert await listed(seller, "refunded=true") == [], "what another shop gives back is not this one's"
    assert await listed(seller, "refunded=false&disputed=closed") == [order["orderId"]]
    assert await listed(seller, "refunded=false&disputed=open&status=PAID") == []
    table = await seller.shopper.send("GET", f"/api/shops/{seller.shop_id}/orders.csv?disputed=open")
    assert len(table.text.splitlines()) == 1
    assert house.problems() == []


async def test_what_was_called_off_whole_goes_back_in_parts_too(
    seller: Seller, other: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    called_off = expect(200, await post(shopper, f"/api/orders/{order['orderId']}/cancel", {}))
    grand = order["totals"]["grand"]["amount"]
    await shopper.settled(order["orderId"])
    parts = [
        one["amount"]["amount"] for shop in (seller, other) for one in await rests(shop, order, called_off["position"])
    ]
    assert len(parts) == 2
    assert sum(parts) == grand


async def rests(seller: Seller, order: dict[str, Any], position: str) -> list[dict[str, Any]]:
    refunds: list[dict[str, Any]] = (await seen(seller, order, position))["refunds"]
    assert [(one["reason"], one["lines"]) for one in refunds] == [("cancelled", [])]
    return refunds
