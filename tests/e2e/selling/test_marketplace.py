"""What administrators see of the whole marketplace: everybody's newest orders, and all shops."""

from __future__ import annotations

import pytest

from streams.standins import neworders
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, problem, sign_up

ORDERS = "/api/admin/orders"


async def test_the_newest_orders_of_everybody(house: House, seller: Seller, shopper: Shopper, admin: Shopper) -> None:
    sku = await seller.sells(stock=10)
    bert = await (await sign_up(house.http, "Bert")).move_in()
    placed = []
    for buyer in (shopper, bert, shopper):
        buyer.position = seller.shopper.position
        await buyer.add(sku, 2)
        placed.append(await buyer.buy())
    found = await admin.do("GET", ORDERS)
    assert [one["orderId"] for one in found["items"]] == [one["orderId"] for one in reversed(placed)]
    newest, paid = found["items"][0], await shopper.order(placed[-1]["orderId"])
    assert (newest["status"], newest["checkout"]["state"]) == ("PAID", "PAYMENT_CAPTURED")
    assert (newest["total"], newest["payment"]) == (paid["totals"]["grand"], paid["payment"])
    assert (newest["accountId"], newest["units"], newest["shopIds"]) == (shopper.user_id, 2, [seller.shop_id])
    assert newest["version"] == paid["version"]


async def test_pages_of_them(house: House, seller: Seller, shopper: Shopper, admin: Shopper) -> None:
    sku = await seller.sells(stock=10)
    shopper.position = seller.shopper.position
    placed = []
    for _ in range(3):
        await shopper.add(sku)
        placed.append((await shopper.buy())["orderId"])
    first = await admin.do("GET", f"{ORDERS}?limit=2")
    await shopper.add(sku)
    await shopper.buy()
    second = await admin.do("GET", f"{ORDERS}?limit=2&cursor={first['next']}")
    assert [one["orderId"] for one in first["items"] + second["items"]] == placed[::-1]
    assert second["next"] is None
    assert problem(await admin.send("GET", f"{ORDERS}?cursor=abc"), 422, "validation_failed")


async def test_no_page_looks_at_more_than_it_may(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=10)
    shopper.position = seller.shopper.position
    await shopper.add(sku)
    bought = (await shopper.buy())["orderId"]
    before, pages = await house.head() + 1, 0
    found: list[str] = []
    while before:
        ids, before = await neworders.placed_before(house.services.log, before, 10, scanned_max=5)
        found += ids
        pages += 1
    assert found == [bought]
    assert pages > 2


async def test_all_shops(house: House, seller: Seller, admin: Shopper) -> None:
    other = await open_shop(house.http)
    admin.position = other.shopper.position
    found = await admin.read("/api/admin/shops")
    assert {one["shopId"] for one in found["items"]} == {seller.shop_id, other.shop_id}
    assert {one["ownerId"] for one in found["items"]} == {seller.shopper.user_id, other.shopper.user_id}


async def test_pages_of_all_shops(house: House, admin: Shopper) -> None:
    """By name; those of one name by their ids."""
    names = ("Sund", "Birke", "Sund", "\U0001f333" * 100)
    shops = [await open_shop(house.http, name) for name in names]
    admin.position = shops[-1].shopper.position
    path = "/api/admin/shops"
    twins = sorted([shops[0].shop_id, shops[2].shop_id])
    wanted = [shops[1].shop_id, *twins, shops[3].shop_id]
    assert [one["shopId"] for one in (await admin.read(path))["items"]] == wanted
    first = await admin.read(f"{path}?limit=3")
    second = await admin.read(f"{path}?limit=3&cursor={first['next']}")
    back = await admin.read(f"{path}?limit=3&cursor={second['prev']}")
    assert [one["shopId"] for one in first["items"] + second["items"]] == wanted
    assert (first["prev"], second["next"]) == (None, None)
    assert back == first
    from_the_last = (await admin.read(f"{path}?limit=1&cursor={first['next']}"))["prev"]
    assert (await admin.read(f"{path}?cursor={from_the_last}"))["items"] == first["items"], "however long its name"
    middle = await admin.read(f"{path}?limit=1&cursor={(await admin.read(f'{path}?limit=1'))['next']}")
    assert [one["shopId"] for one in middle["items"]] == wanted[1:2]
    before = await admin.read(f"{path}?limit=3&cursor={middle['prev']}")
    assert [one["shopId"] for one in before["items"]] == wanted[:1]
    assert (before["prev"], before["next"]) != (None, None)
    of_another = (await admin.read("/api/admin/orders?limit=1"))["next"] or "eA"
    problem(await admin.send("GET", f"{path}?cursor={of_another}"), 422, "validation_failed")


@pytest.mark.parametrize("path", [ORDERS, "/api/admin/shops"])
async def test_both_are_for_administrators(shopper: Shopper, visitor: Shopper, path: str) -> None:
    problem(await visitor.send("GET", path), 401, "unauthenticated")
    problem(await shopper.send("GET", path), 403, "forbidden")
