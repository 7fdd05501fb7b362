"""Each seller's parcel is paid when it is packed, over HTTP: two sellers, one order, one authorization."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.aftersale import in_stock, once, post, settled, units_of
from tests.e2e.giftcards import issue
from tests.e2e.house import House, charges, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.operating.ledgers import amounts, balances, entries
from tests.e2e.operating.reconciling import reconcile
from tests.e2e.parcels import UPS, pack
from tests.e2e.shopper import Shopper, expect, problem


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", capture="parcel", commission_ppm=100_000) as house:
        yield house


@pytest.fixture
async def other(house: House) -> Seller:
    return await open_shop(house.http, "Inkwell")


@pytest.fixture
async def order(seller: Seller, other: Seller, shopper: Shopper) -> dict[str, Any]:
    """Two of the first seller's and three of the other's."""
    await shopper.add(await seller.sells(price=2000), 2)
    await shopper.add(await other.sells(price=333), 3)
    placed = await shopper.buy()
    assert (placed["status"], placed["checkout"]["state"]) == ("PENDING", "ORDER_CREATED")
    assert (placed["payment"]["status"], placed["captured"]["amount"]) == ("authorized", 0)
    return placed


def money(house: House, order: dict[str, Any]) -> tuple[int, ...]:
    """Authorized, captured and refunded, and whether the rest was let go, by the provider's own records."""
    [charge] = charges(house.folder)[order["orderId"]]
    return charge


@pytest.mark.own_house
async def test_each_seller_is_paid_for_what_it_sends(
    house: House, seller: Seller, other: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    whole = order["totals"]["grand"]["amount"]
    parcel = await pack(seller, order, **UPS)
    due = parcel["due"]["amount"]
    shown = await once(shopper, order, status="PAID", payment="partially_captured")
    assert shown["captured"]["amount"] == due
    assert [(one["status"], one["due"]["amount"]) for one in shown["shipments"]] == [("SHIPPED", due)]
    assert money(house, order)[:2] == (whole, due)
    (entry,) = (await entries(seller, 1))["items"]
    assert amounts(entry)["goods"] == 4000
    assert (await balances(house, admin))[f"seller:{seller.shop_id}"] == -amounts(entry)["total"]
    assert f"seller:{other.shop_id}" not in await balances(house, admin)

    parts = [await pack(other, order, lines=[units_of(order, 1, 1)], **UPS) for _ in range(2)]
    assert parts[0]["due"]["amount"] > parts[1]["due"]["amount"]  # the first brings what sending it costs
    last = await pack(other, order)
    await once(shopper, order, status="PACKED", payment="captured")
    assert sum(one["due"]["amount"] for one in (parcel, *parts, last)) == whole
    assert money(house, order)[1:] == (whole, 0, 0)
    path = f"/api/orders/{order['orderId']}/shipments/{last['shipmentId']}/shipped"
    expect(200, await post(other.shopper, path, UPS))
    await once(shopper, order, status="SHIPPED", payment="captured")
    assert [one["kind"] for one in (await entries(other, 3))["items"]] == ["captured"] * 3
    assert (await balances(house, admin))["provider"] == whole
    assert house.problems() == []


@pytest.mark.own_house
async def test_what_is_called_off_is_never_taken_and_what_comes_back_is_given_back(
    house: House, seller: Seller, other: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    whole = order["totals"]["grand"]["amount"]
    expect(200, await shopper.cancel(order["orderId"], lines=[units_of(order, 0, 1)]))
    parcel = await pack(seller, order, **UPS)
    due = parcel["due"]["amount"]
    await once(shopper, order, status="PAID", payment="partially_captured")
    more = {"amount": {"amount": due + 1, "currency": "USD"}, "reason": "goodwill"}
    answer = await post(seller.shopper, f"/api/orders/{order['orderId']}/refunds", more)
    assert answer.status_code in (403, 422)
    expect(200, await shopper.cancel(order["orderId"], lines=[units_of(order, 1)]))
    shown = await once(shopper, order, status="SHIPPED", payment="captured")
    assert shown["refunds"] == []
    assert money(house, order) == (whole, due, 0, 1)
    await in_stock(other, order["lines"][1]["sku"], committed=0, available=10)
    expect(202, await post(admin, f"/api/orders/{order['orderId']}/refunds", {"reason": "damaged"}))
    await settled(shopper, order)
    await once(shopper, order, status="REFUNDED", payment="refunded")
    assert money(house, order) == (whole, due, due, 1)
    assert not any((await balances(house, admin)).values())
    assert house.problems() == []


async def test_called_off_whole_before_it_is_packed_nothing_is_taken(
    house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    expect(200, await shopper.cancel(order["orderId"], lines=[units_of(order, 1, 1)]))
    expect(200, await shopper.cancel(order["orderId"]))
    await once(shopper, order, status="CANCELLED", payment="voided")
    assert money(house, order)[1:3] == (0, 0)
    problem(await post(seller.shopper, f"/api/orders/{order['orderId']}/shipments", {}), 409, "illegal_transition")
    await in_stock(seller, order["lines"][0]["sku"], committed=0, available=10)


async def test_with_a_gift_card_the_first_parcel_has_all_of_it_taken(
    house: House, seller: Seller, other: Seller, shopper: Shopper, admin: Shopper
) -> None:
    card = await issue(admin, 700)
    await shopper.add(await seller.sells(price=2000))
    await shopper.add(await other.sells(price=1000))
    order = await shopper.buy(giftCard=card.code)
    parcel = await pack(seller, order)
    assert parcel["due"] is None
    await once(shopper, order, status="PAID", payment="captured")
    assert money(house, order)[1] == order["due"]["amount"]


@pytest.mark.slow
async def test_reconciling_knows_several_captures_of_one_charge(
    house: House, seller: Seller, other: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    for who in (seller, other):
        await pack(who, order)
    await once(shopper, order, status="PACKED", payment="captured")
    said = await reconcile(house, exit_code=0)
    assert (said["open"], said["found"], said["orders"], said["movements"]) == ([], 0, 1, 3)
