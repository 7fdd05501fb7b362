"""Orders that promotions pay for entirely: the provider is not asked for anything, and sellers get what is theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.aftersale import in_stock, once
from tests.e2e.buying.promotions import start
from tests.e2e.house import House, charges, in_process
from tests.e2e.market import Seller
from tests.e2e.operating.ledgers import balances, entries
from tests.e2e.shopper import Shopper, expect, problem

FREE = {"name": "All of it", "benefit": {"kind": "percent", "percent": 100}}
CARRIED = {"name": "Carried", "benefit": {"kind": "free_shipping"}}


@pytest.fixture(params=["immediate", "shipment", "24"])
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """Of a marketplace that keeps a tenth, whenever it takes money."""
    async with in_process(tmp_path / "data", commission_ppm=100_000, capture=request.param) as house:
        yield house


async def got(shopper: Shopper, seller: Seller, units: int = 2) -> dict[str, Any]:
    await shopper.add(await seller.sells(price=2000), units)
    order = await shopper.buy()
    assert (order["status"], order["checkout"]["state"]) == ("PAID", "PAYMENT_CAPTURED")
    assert (order["totals"]["grand"]["amount"], order["payment"]["status"]) == (0, "none")
    return order


async def unasked(house: House) -> None:
    assert charges(house.folder) == {}
    rows = await house.log.read(0, 10_000)
    assert [row.topic for row in rows if row.stream.startswith("pay_")] == []
    assert house.problems() == []


@pytest.mark.own_house
async def test_the_marketplace_owes_the_seller_what_it_gives_away(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    for terms in (FREE, CARRIED):
        await start(admin, **terms)
    order = await got(shopper, seller)
    ledger = await entries(seller, 1)
    (given,) = ledger["items"]
    carriage = given["shipping"]["amount"]
    assert (given["orderId"], given["kind"]) == (order["orderId"], "given")
    assert (given["goods"]["amount"], given["fee"]["amount"]) == (4000, -400)
    assert carriage > 0
    assert await balances(house, admin) == {
        "discounts": 4000 + carriage,
        "fees": -400,
        f"seller:{seller.shop_id}": -(3600 + carriage),
    }
    line = order["lines"][0]["lineId"]
    expect(200, await shopper.cancel(order["orderId"], lines=[{"lineId": line, "quantity": 1}]))
    assert [one["kind"] for one in (await entries(seller, 2))["items"]] == ["given_back", "given"]
    assert (await balances(house, admin))["fees"] == -200
    expect(200, await shopper.cancel(order["orderId"]))
    assert (await entries(seller, 3))["due"] == [{"amount": 0, "currency": "USD"}]
    assert not any((await balances(house, admin)).values())
    await unasked(house)


@pytest.mark.own_house
async def test_a_seller_who_gives_it_away_is_owed_nothing(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    for terms in (FREE, CARRIED):
        await start(seller.shopper, shopId=seller.shop_id, **terms)
    order = await got(shopper, seller)
    await unasked(house)
    assert not any((await balances(house, admin)).values())
    sku = order["lines"][0]["sku"]
    expect(200, await shopper.cancel(order["orderId"]))
    await once(shopper, order, status="CANCELLED", payment="none")
    await in_stock(seller, sku, committed=0, available=10)
    await unasked(house)


@pytest.mark.own_house
async def test_what_costs_nothing_needs_no_payment_method(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    _, carried = [await start(admin, **terms) for terms in (FREE, CARRIED)]
    await shopper.add(await seller.sells(price=2000))
    order = await shopper.buy(paymentMethodId=None)
    assert (order["status"], order["totals"]["grand"]["amount"]) == ("PAID", 0)
    await unasked(house)
    expect(200, await admin.send("DELETE", f"/api/promotions/{carried}"))
    await shopper.add(await seller.sells(price=2000))
    problem(await shopper.place(paymentMethodId=None), 422, "validation_failed", "#/paymentMethodId")
