"""What those who run a shop go through every day: their offers, what runs out, and the orders that wait for them."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import quote

import pytest

from readapi import sifted
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.selling.lists import every
from tests.e2e.shopper import Shopper, fresh_key, latest, problem


async def bought(seller: Seller, shopper: Shopper, sku: str, quantity: int = 1) -> dict[str, Any]:
    """Paid, and to be seen by the seller."""
    await shopper.add(sku, quantity, seller.shop_id)
    order = await shopper.settled((await shopper.buy())["orderId"])
    assert order["status"] == "PAID"
    seller.shopper.position = latest(seller.shopper.position, order["position"])  # where the log is that tells it
    return order


async def packed(seller: Seller, order_id: str, line: dict[str, Any]) -> None:
    path = f"/api/orders/{order_id}/shipments"
    await seller.shopper.do("POST", path, {"lines": [line]}, 201, Idempotency_Key=fresh_key())


async def test_a_shops_offers_with_product_and_stock(seller: Seller, shopper: Shopper) -> None:
    skus = [await seller.sells(stock=stock, price=1_000 + stock, limitPerAccount=9) for stock in (0, 3, 7)]
    product_id = seller.products[skus[2]]
    await seller.shopper.do("POST", f"/api/products/{product_id}/withdraw")
    await (await open_shop(seller.shopper.http)).sells(sku=skus[1])
    path = f"/api/shops/{seller.shop_id}/offers"
    found = {item["sku"]: item for item in await every(seller, f"{path}?limit=2")}
    assert sorted(found) == sorted(skus)
    last = found[skus[2]]
    assert (last["productId"], last["productStatus"], last["limitPerAccount"]) == (product_id, "draft", 9)
    assert last["title"].startswith("Oak bed")
    assert last["stock"] == {"onHand": 7, "committed": 0, "held": 0, "available": 7}
    assert found[skus[0]]["stock"]["available"] == 0
    assert [item["sku"] for item in await every(seller, f"{path}?below=4")] == sorted(skus[:2])
    first = await seller.shopper.read(f"{path}?limit=1&below=4")
    problem(await seller.shopper.send("GET", f"{path}?cursor={first['next']}&below=5"), 422, "validation_failed")


@pytest.mark.parametrize("listed", ["inventory", "offers"])
async def test_a_list_by_sku_begins_where_one_says(seller: Seller, listed: str) -> None:
    skus = ["A-1", "A-10", "A-2", "B ~", "a-1"]
    await seller.describes(variants=[{"sku": sku} for sku in skus])
    for sku in skus:
        await seller.sells(stock=1, sku=sku)
    path = f"/api/shops/{seller.shop_id}/{listed}?limit=2&fromSku="

    async def begin(sku: str, more: str = "") -> list[str]:
        return [item["sku"] for item in await every(seller, path + quote(sku) + more)]

    assert await begin("A-1") == skus
    assert await begin("A-10") == await begin("A-1.") == skus[1:]
    assert await begin("A-2") == await begin("A-2", "&below=5") == skus[2:]
    assert await begin("B") == skus[3:]
    assert await begin("a-1!") == []
    for bad in ("", " A", "Ä", "A" * 101):
        refused = problem(await seller.shopper.send("GET", path + quote(bad)), 422, "validation_failed")
        assert refused["errors"][0]["detail"] == "1 to 100 printable ASCII characters, no space at an end"


async def test_what_runs_out_is_found_however_much_there_is(
    seller: Seller, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sifted, "LOOKED_AT", 2)
    monkeypatch.setattr(sifted, "AT_ONCE", 1)
    skus = [await seller.sells(stock=stock) for stock in (1, 9, 9, 9, 9, 2)]
    path = f"/api/shops/{seller.shop_id}/inventory?below=3&limit=5"
    assert [(row["sku"], row["available"]) for row in await every(seller, path)] == [(skus[0], 1), (skus[5], 2)]
    assert len((await seller.shopper.read(path))["items"]) == 1, "no request looks through everything"


async def test_orders_by_what_is_to_be_done_and_when(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=20)
    orders = [await bought(seller, shopper, sku, 2) for _ in range(4)]
    ids, placed = [one["orderId"] for one in orders], [one["createdAt"] for one in orders]
    path = f"/api/shops/{seller.shop_id}/orders?"

    async def listed(query: str) -> list[str]:
        return [one["orderId"] for one in await every(seller, path + query)]

    line = {"lineId": orders[1]["lines"][0]["lineId"], "quantity": 1}
    await packed(seller, ids[1], line)
    shown = await seller.shopper.read(f"/api/shops/{seller.shop_id}/orders/{ids[1]}")
    assert shown["toPack"] == [line]
    await packed(seller, ids[1], line)
    cancel = f"/api/orders/{ids[2]}/cancel"
    await seller.shopper.do("POST", cancel, {"reason": "broken"}, Idempotency_Key=fresh_key())
    assert await listed("toPack=true") == [ids[3], ids[0]]
    assert await listed("toPack=true&limit=1") == [ids[3], ids[0]]
    assert await listed("toPack=false") == [ids[2], ids[1]]
    assert await listed("status=PACKED") == [ids[1]]
    assert await listed("status=PAID&toPack=true") == [ids[3], ids[0]]
    assert await listed(f"from={placed[1]}&to={placed[3]}&limit=1") == [ids[2], ids[1]]
    assert await listed(f"from={placed[3]}") == [ids[3]]
    assert await listed(f"to={placed[0]}") == []
    for wrong in ("status=LOST", "from=yesterday", "to=2026-11-01", "toPack=perhaps"):
        problem(await seller.shopper.send("GET", path + wrong), 422, "validation_failed")
    first = await seller.shopper.read(path + "limit=1&toPack=true")
    problem(await seller.shopper.send("GET", f"{path}cursor={first['next']}"), 422, "validation_failed")


async def test_one_order_is_the_sellers_who_is_in_it(house: House, seller: Seller, shopper: Shopper) -> None:
    other = await open_shop(house.http, "Elsewhere")
    order = await bought(seller, shopper, await seller.sells())
    path = f"/api/shops/{seller.shop_id}/orders"
    [listed] = (await seller.shopper.read(path))["items"]
    assert await seller.shopper.read(f"{path}/{order['orderId']}") == listed
    for wrong in (
        f"/api/shops/{other.shop_id}/orders/{order['orderId']}",
        f"/api/shops/{other.shop_id}/orders/ord_nobody",
    ):
        problem(await other.shopper.send("GET", wrong), 404, "not_found")
    problem(await other.shopper.send("GET", f"{path}/{order['orderId']}"), 403, "forbidden")


async def test_orders_as_a_table(seller: Seller, shopper: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
    bed, formula = await seller.sells(), await seller.describes(title="=1+1")
    await seller.offers(formula, 1_005)
    await seller.receives(formula, 5)
    await shopper.add(formula, 2, seller.shop_id)
    order = await bought(seller, shopper, bed)
    path, seen = f"/api/shops/{seller.shop_id}/orders.csv", {"Kontor_Min_Position": seller.shopper.position}
    answer = await seller.shopper.send("GET", path, **seen)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["cache-control"] == "private, no-store"
    rows = {row["sku"]: row for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))}
    assert sorted(rows) == sorted([bed, formula])
    row, address = rows[formula], (await shopper.read("/api/me"))["addresses"][0]
    assert (row["orderId"], row["placedAt"], row["status"]) == (order["orderId"], order["createdAt"], "PAID")
    assert (row["title"], row["quantity"], row["toPack"]) == ("'=1+1", "2", "2")
    [line] = [one for one in order["lines"] if one["sku"] == formula]
    assert (row["unitPrice"], row["currency"]) == ("10.05", "USD")
    assert (row["tax"], row["total"]) == tuple(f"{line[name]['amount'] / 100:.2f}" for name in ("tax", "total"))
    assert (row["name"], row["city"], row["country"]) == (address["name"], address["city"], address["country"])
    assert len((await seller.shopper.send("GET", path + "?toPack=false", **seen)).content.splitlines()) == 1

    monkeypatch.setattr("readapi.routes.shoporders.TABLE_ORDERS_MAX", 1)
    monkeypatch.setattr("readapi.routes.shoporders.LIMIT_MAX", 1)
    await bought(seller, shopper, bed)
    seen["Kontor_Min_Position"] = seller.shopper.position
    problem(await seller.shopper.send("GET", path, **seen), 422, "validation_failed")


async def drafts(seller: Seller) -> list[str]:
    """SKUs, one a page."""
    return [one["skus"][0] for one in await every(seller, f"/api/shops/{seller.shop_id}/drafts?limit=1")]


async def test_drafts_that_nobody_offers_yet(house: House, seller: Seller) -> None:
    path, writer = f"/api/shops/{seller.shop_id}/drafts", seller.shopper
    first, second, third = [await seller.describes(f"Oak bed {n}", status="draft") for n in (1, 2, 3)]
    await seller.describes("On sale", status="published")
    other = await open_shop(house.http, "Elsewhere")
    await other.describes("Theirs", status="draft")
    [newest, *_] = (await writer.read(path))["items"]
    assert (newest["productId"], newest["title"], newest["category"]) == (
        seller.products[third],
        "Oak bed 3",
        ["Furniture", "Beds"],
    )
    assert (newest["skus"], newest["version"]) == ([third], 1)
    assert await drafts(seller) == [third, second, first]
    await seller.offers(second, 4_900)
    assert await drafts(seller) == [third, first], "what is offered is among the offers"
    await writer.do("DELETE", f"/api/offers/{seller.shop_id}/{second}")
    await writer.do("POST", f"/api/products/{seller.products[third]}/publish")
    await writer.do("DELETE", f"/api/products/{seller.products[first]}")
    assert await drafts(seller) == [second], "published, or discontinued, is no draft"
    await writer.do("POST", f"/api/products/{seller.products[third]}/withdraw")
    assert await drafts(seller) == [third, second]


async def test_no_request_looks_through_all_drafts(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sifted, "LOOKED_AT", 1)
    monkeypatch.setattr(sifted, "AT_ONCE", 1)
    first, second = [await seller.describes(f"Oak bed {n}", status="draft") for n in (1, 2)]
    await seller.offers(second, 4_900)
    assert (await seller.shopper.read(f"/api/shops/{seller.shop_id}/drafts"))["items"] == []
    assert await drafts(seller) == [first]
