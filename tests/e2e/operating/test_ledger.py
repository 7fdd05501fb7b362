"""The ledger over HTTP: what sellers earned, what the marketplace owes, and that all of it sums to zero."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.aftersale import once, units_of
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.operating.ledgers import amounts, balances, entries
from tests.e2e.selling.lists import every
from tests.e2e.shopper import Shopper, expect, problem

ALL_OF_IT = {"benefit": {"kind": "percent", "percent": 100}}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Of a marketplace that keeps a tenth."""
    async with in_process(tmp_path / "data", commission_ppm=100_000) as house:
        yield house


@pytest.mark.own_house
async def test_what_is_bought_and_called_off_goes_through_every_account(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    other = await open_shop(house.http, "Inkwell")
    sale = {"name": "Sale", "benefit": {"kind": "percent", "percent": 10}}
    await admin.do("POST", "/api/promotions", sale, 201)
    await shopper.add(await seller.sells(price=2000), 2)
    await shopper.add(await other.sells(price=1000))
    kept = await shopper.buy()
    assert kept["status"] == "PAID"
    ledger = await entries(seller, 1)
    (sold,) = ledger["items"]
    assert (sold["orderId"], sold["kind"]) == (kept["orderId"], "captured")
    own = amounts(sold)
    assert (own["goods"], own["fee"]) == (4000, -400)  # the marketplace pays its own discount
    assert own["total"] == own["goods"] + own["shipping"] + own["fee"]
    assert ledger["due"] == [{"amount": own["total"], "currency": "USD"}]
    theirs = amounts((await entries(other, 1))["items"][0])
    accounts = await balances(house, admin)
    totals = kept["totals"]
    assert accounts == {
        "customer": 0,
        "discounts": totals["discount"]["amount"],
        "fees": -500,
        "provider": totals["grand"]["amount"],
        f"seller:{seller.shop_id}": -own["total"],
        f"seller:{other.shop_id}": -theirs["total"],
        "tax": -totals["tax"]["amount"],
    }
    expect(200, await shopper.cancel(kept["orderId"]))
    await shopper.settled(kept["orderId"])
    ledger = await entries(seller, 2)
    assert [item["kind"] for item in ledger["items"]] == ["refunded", "captured"]
    assert amounts(ledger["items"][0]) == {name: -amount for name, amount in own.items()}
    assert ledger["due"] == [{"amount": 0, "currency": "USD"}]
    assert not any((await balances(house, admin)).values())
    assert house.problems() == []


async def test_a_line_that_is_called_off_is_taken_from_its_seller_alone(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    other = await open_shop(house.http, "Inkwell")
    await shopper.add(await seller.sells(price=2000), 2)
    await shopper.add(await other.sells(price=1000))
    order = await shopper.buy()
    before = amounts((await entries(seller, 1))["items"][0])
    theirs = await entries(other, 1)
    expect(200, await shopper.cancel(order["orderId"], lines=[units_of(order, 0, 1)]))
    back = (await entries(seller, 2))["items"][0]
    assert amounts(back) == {"goods": -2000, "shipping": 0, "fee": 200, "total": -1800}
    assert (await entries(other, 1))["items"] == theirs["items"]
    expect(200, await shopper.cancel(order["orderId"]))
    await once(shopper, order, status="CANCELLED", payment="refunded")
    whole = (await entries(seller, 3))["items"]
    assert [sum(amounts(entry)[name] for entry in whole) for name in before] == [0, 0, 0, 0]
    assert not any((await balances(house, admin)).values())
    assert house.problems() == []


async def test_entries_come_in_pages_newest_first(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=10)
    orders = []
    for _ in range(3):
        await shopper.add(sku)
        orders.append((await shopper.buy())["orderId"])
    await entries(seller, 3)
    path = f"/api/shops/{seller.shop_id}/ledger?limit=2"
    first = await seller.shopper.read(path)
    assert [item["orderId"] for item in first["items"]] == [orders[2], orders[1]]
    rest = await seller.shopper.read(f"{path}&cursor={first['next']}")
    assert [item["orderId"] for item in rest["items"]] == [orders[0]]
    assert rest["next"] is None
    problem(
        await seller.shopper.send("GET", f"/api/shops/{seller.shop_id}/orders?cursor={first['next']}"),
        422,
        "validation_failed",
    )


async def test_a_ledger_is_its_sellers(
    house: House, seller: Seller, shopper: Shopper, visitor: Shopper, admin: Shopper
) -> None:
    path = f"/api/shops/{seller.shop_id}/ledger"
    problem(await shopper.send("GET", path), 403, "forbidden")
    problem(await visitor.send("GET", path), 401, "unauthenticated")
    assert (await admin.read(path))["items"] == []
    problem(await admin.send("GET", "/api/shops/shp_00000000000000000000000000/ledger"), 404, "not_found")
    for who in (seller.shopper, shopper):
        problem(await who.send("GET", "/api/admin/ledger"), 403, "forbidden")
    problem(await visitor.send("GET", "/api/admin/ledger"), 401, "unauthenticated")
    assert (await admin.read("/api/admin/ledger"))["items"] == []


@pytest.mark.own_house
async def test_what_cost_the_buyer_nothing_is_owed_to_its_seller_until_it_is_called_off(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    """In an order that is otherwise paid: neither by what else is called off, nor any longer than it is sold."""
    other = await open_shop(house.http, "Inkwell")
    gift, paid = await other.sells(price=1000), await seller.sells(price=2000)
    await admin.do("POST", "/api/promotions", {"name": "A gift", "skus": [gift], **ALL_OF_IT}, 201)
    await shopper.add(paid, 2)
    await shopper.add(gift)
    order = await shopper.buy()
    given = amounts((await entries(other, 1))["items"][0])
    assert (given["goods"], given["fee"]) == (1000, -100)
    numbers = {line["sku"]: i for i, line in enumerate(order["lines"])}
    expect(200, await shopper.cancel(order["orderId"], lines=[units_of(order, numbers[paid], 1)]))
    assert (await entries(seller, 2))["items"][0]["goods"]["amount"] == -2000
    assert (await balances(house, admin))["discounts"] == 1000
    expect(200, await shopper.cancel(order["orderId"], lines=[units_of(order, numbers[gift])]))
    theirs = (await entries(other, 3))["items"]
    assert sorted(one["kind"] for one in theirs) == ["captured", "given_back", "refunded"]
    assert sum(one["total"]["amount"] for one in theirs) == 0
    assert (await balances(house, admin))["discounts"] == 0
    assert house.problems() == []


async def test_a_shops_ledger_of_a_period_and_as_a_table(
    house: House, seller: Seller, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await shopper.add(await seller.sells(price=2000))
        await shopper.settled((await shopper.buy())["orderId"])
    whole = await entries(seller, 3)
    path, times = f"/api/shops/{seller.shop_id}/ledger", [one["at"] for one in whole["items"]]
    assert times == sorted(set(times), reverse=True)

    async def moved(query: str) -> list[Any]:
        found = await every(seller, f"{path}?limit=1&{query}")
        assert (await seller.shopper.read(f"{path}?{query}"))["due"] == whole["due"], "whatever the period"
        return found

    assert await moved(f"from={times[1]}") == whole["items"][:2]
    assert await moved(f"to={times[1]}") == whole["items"][2:]
    assert await moved(f"from={times[2]}&to={times[0]}") == whole["items"][1:]
    assert await moved(f"from={times[0]}&to={times[0]}") == []
    first = await seller.shopper.read(f"{path}?limit=1&from={times[2]}")
    problem(await seller.shopper.send("GET", f"{path}?cursor={first['next']}"), 422, "validation_failed")
    problem(await seller.shopper.send("GET", f"{path}?to=yesterday"), 422, "validation_failed")

    answer = await seller.shopper.send("GET", f"{path}.csv?from={times[1]}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].endswith(f'"ledger-{seller.shop_id}.csv"')
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["entryId"], row["at"], row["kind"], row["orderId"]) for row in rows] == [
        (one["entryId"], one["at"], "captured", one["orderId"]) for one in whole["items"][:2]
    ]
    for row, one in zip(rows, whole["items"], strict=False):
        said = {name: f"{one[name]['amount'] / 100:.2f}" for name in ("goods", "shipping", "fee", "giftCard", "total")}
        assert {name: row[name] for name in said} == said
        assert (row["goods"], row["fee"], row["currency"]) == ("20.00", "-2.00", "USD")
    monkeypatch.setattr("readapi.routes.ledger.TABLE_ENTRIES_MAX", 2)
    monkeypatch.setattr("readapi.routes.ledger.LIMIT_MAX", 2)
    assert "from and to" in problem(await seller.shopper.send("GET", f"{path}.csv"), 422, "validation_failed")["detail"]
    assert len((await seller.shopper.send("GET", f"{path}.csv?to={times[0]}")).text.splitlines()) == 3
    assert house.problems() == []
