"""The purchase journey, as the interface describes it: every field by its name, every reading of it consistent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.giftcards import usd
from tests.e2e.house import House, charges
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import HOME, Shopper, expect, problem, sign_up

MONEY = {"amount", "currency"}
CARD = {"productId", "sku", "skus", "title", "brand", "category", "image", "price", "offers", "rating"} | {
    "inStock",
    "lowStock",
}
CART = {"cartId", "lines", "totals", "createdAt", "updatedAt", "version", "position"}
CART_LINE = {"itemId", "sku", "shopId", "title", "quantity", "unitPrice", "priceAtAdding", "availability"} | {
    "warnings",
    "total",
}
ORDER = {"orderId", "status", "lines", "totals", "payment", "shipments", "returns", "checkout"} | {
    "createdAt",
    "updatedAt",
    "version",
}
ORDER_LINE = {"lineId", "sku", "shopId", "title", "quantity", "unitPrice", "tax", "total"}
TOTALS = {"items", "discount", "shipping", "tax", "grand"}


def adds_up(order: dict[str, Any]) -> None:
    """The sums of an order or a quote, without tax included in its prices."""
    totals = order["totals"]
    assert set(totals) == TOTALS
    assert all(set(amount) == MONEY for amount in totals.values())
    cents = {name: amount["amount"] for name, amount in totals.items()}
    assert cents["items"] == sum(line["unitPrice"]["amount"] * line["quantity"] for line in order["lines"])
    assert cents["tax"] == sum(line["tax"]["amount"] for line in order["lines"])
    assert cents["grand"] == cents["items"] - cents["discount"] + cents["shipping"] + cents["tax"]


@pytest.mark.own_house
async def test_from_registration_to_a_paid_order(house: House, seller: Seller, visitor: Shopper) -> None:
    sku = await seller.sells(stock=10, price=1999)
    ada = await sign_up(house.http)
    ada.position = seller.shopper.position

    found = await ada.read("/api/products?q=oak&inStock=true")
    assert set(found) == {"items", "total", "facets", "suggestion", "rescued", "next", "prev"}
    facets = {"category", "brand", "price", "rating", "availability", "seller", "attributes"}
    assert set(found["facets"]) == facets
    [card] = found["items"]
    assert set(card) == CARD
    assert (card["sku"], card["price"], card["offers"], card["inStock"]) == (sku, usd(1999), 1, True)

    cart = await ada.add(sku, 2)
    assert set(cart) >= CART
    [line] = cart["lines"]
    assert set(line) >= CART_LINE
    assert (line["quantity"], line["unitPrice"], line["priceAtAdding"]) == (2, usd(1999), usd(1999))
    assert line["total"] == usd(3998)

    await ada.move_in()
    quote = await ada.quote()
    adds_up(quote)
    assert {method["id"] for method in quote["methods"]} >= {"standard", "express"}
    assert all(set(step) == {"what", "rule", "inputs", "amount"} for step in quote["derivation"])

    order = await ada.buy()
    assert set(order) >= ORDER
    assert [set(line) >= ORDER_LINE for line in order["lines"]] == [True]
    adds_up(order)
    assert order["totals"] == quote["totals"]
    assert (order["status"], order["checkout"]) == ("PAID", {"state": "PAYMENT_CAPTURED"})
    assert set(order["payment"]) == {"paymentId", "status", "authorizedUntil", "createdAt", "updatedAt", "version"}
    assert order["payment"]["authorizedUntil"] is None, "nothing is set aside any more"
    assert order["payment"]["paymentId"].startswith("pay_")
    assert (order["shipments"], order["returns"]) == ([], [])

    assert (await ada.order(order["orderId"]))["address"] == HOME
    assert await ada.lines() == []
    assert await seller.stock(sku, ada.position) == {"onHand": 10, "committed": 2, "held": 0, "available": 8}
    [(_, captured, refunded, voided)] = charges(house.folder)[order["orderId"]]
    assert (captured, refunded, voided) == (order["totals"]["grand"]["amount"], 0, 0)


async def test_accepted_with_202_before_anything_is_paid(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    answer = await shopper.place()
    order = expect(202, answer)
    assert order["status"] in ("PENDING", "PAID")
    assert order["checkout"]["state"] != "COMPENSATED"
    assert answer.headers["location"] == f"/api/orders/{order['orderId']}"
    assert answer.headers["kontor-position"] == order["position"]
    assert answer.headers["etag"] == f'"{order["version"]}"'
    assert (await shopper.settled(order["orderId"]))["status"] == "PAID"


async def test_waiting_is_acknowledged_and_bounded(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    await shopper.pays_with("pm_sim_timeout_nothing")
    began = asyncio.get_running_loop().time()
    answer = await shopper.place(wait=1)
    waited = asyncio.get_running_loop().time() - began
    assert expect(202, answer)["status"] == "PENDING"
    assert answer.headers["preference-applied"] == "wait=1"
    assert 0.9 < waited < 3


async def test_one_order_of_several_sellers(house: House, seller: Seller, shopper: Shopper) -> None:
    other = await open_shop(house.http, "Second Hand")
    shared = await seller.sells(price=1000)
    await other.sells(sku=shared, price=900)
    own = await other.sells(price=500)
    await shopper.add(shared, 1, shop=seller.shop_id)
    await shopper.add(shared, 2, shop=other.shop_id)
    await shopper.add(own, 3)
    order = await shopper.buy()
    assert order["status"] == "PAID"
    bought = {(line["shopId"], line["sku"], line["quantity"]) for line in order["lines"]}
    assert bought == {(seller.shop_id, shared, 1), (other.shop_id, shared, 2), (other.shop_id, own, 3)}
    adds_up(order)
    for shop, sku, left in ((seller, shared, 9), (other, shared, 8), (other, own, 7)):
        assert (await shop.stock(sku, shopper.position))["available"] == left
        path, known = f"/api/shops/{shop.shop_id}/orders", shopper.position
        [seen] = (await shop.shopper.read(path, Kontor_Min_Position=known))["items"]
        assert seen["orderId"] == order["orderId"]
        assert {line["sku"] for line in seen["lines"]} == {sku for who, sku, _ in bought if who == shop.shop_id}


async def test_the_cheapest_seller_in_stock_is_taken(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(price=1000)
    dear, sold_out = await open_shop(house.http, "Dear"), await open_shop(house.http, "Sold Out")
    await dear.sells(sku=sku, price=2000)
    await sold_out.sells(sku=sku, price=500, stock=0)
    await shopper.read("/api/products", Kontor_Min_Position=sold_out.shopper.position)
    [line] = (await shopper.add(sku))["lines"]
    assert line["shopId"] == seller.shop_id


# without an account


@pytest.mark.own_house
async def test_browsing_needs_no_account(seller: Seller, visitor: Shopper) -> None:
    sku = await seller.sells()
    visitor.position = seller.shopper.position
    assert (await visitor.read("/api/products"))["total"] == 1
    product = await visitor.read(f"/api/products/{seller.products[sku]}")
    assert [offer["shopId"] for offer in product["offers"]] == [seller.shop_id]
    assert product["availability"] == {"inStock": True, "lowStock": False}
    assert (await visitor.read("/api/categories"))["items"][0]["name"] == "Furniture"
    assert (await visitor.read("/api/categories/Furniture/Beds"))["products"]["total"] == 1
    assert (await visitor.read("/api/products/suggest?q=oa"))["items"]
    assert set(await visitor.read(f"/api/shops/{seller.shop_id}")) >= {"shopId", "name", "country", "currency"}
    assert (await visitor.cart())["lines"] == []


async def test_an_anonymous_cart_is_taken_along_at_login(house: House, seller: Seller, visitor: Shopper) -> None:
    first, second = await seller.sells(), await seller.sells()
    cart = await visitor.add(first, 2)
    assert visitor.cart_token
    assert cart["cartToken"] == visitor.cart_token
    await visitor.add(second)
    assert await visitor.lines() == [(first, 2), (second, 1)]
    assert (await visitor.quote(addressId=None, address=HOME))["totals"]["items"] == usd(3 * 1999)

    ada = await sign_up(house.http)
    await ada.add(first, 1)
    merged = await ada.do("POST", "/api/cart/merge", Cart_Token=visitor.cart_token)
    assert [(line["sku"], line["quantity"]) for line in merged["lines"]] == [(first, 3), (second, 1)]
    problem(await visitor.send("POST", "/api/cart/items", {"sku": first, "quantity": 1}), 409, "illegal_transition")
    await ada.move_in()
    assert (await ada.buy())["status"] == "PAID"


async def test_what_a_visitor_holds_can_be_bought_after_login(house: House, seller: Seller, visitor: Shopper) -> None:
    """The last unit is set aside for the anonymous cart, and stays with it when the cart changes hands."""
    sku = await seller.sells(stock=1, holdPolicy="cart")
    await visitor.add(sku)
    ada = await sign_up(house.http)
    await ada.move_in()
    ada.cart_id = (await ada.do("POST", "/api/cart/merge", Cart_Token=visitor.cart_token))["cartId"]
    assert (await ada.buy())["status"] == "PAID"
    assert await seller.stock(sku, ada.position) == {"onHand": 1, "committed": 1, "held": 0, "available": 0}


# the cart


async def test_changing_the_cart(seller: Seller, shopper: Shopper) -> None:
    sku, other = await seller.sells(), await seller.sells()
    await shopper.add(sku)
    line = (await shopper.add(sku, 2))["lines"][0]
    assert line["quantity"] == 3
    await shopper.add(other)
    path = f"/api/cart/items/{line['itemId']}"
    changed = await shopper.do("PATCH", path, {"quantity": 5})
    assert [(one["sku"], one["quantity"]) for one in changed["lines"]] == [(sku, 5), (other, 1)]
    problem(await shopper.send("PATCH", path, {"quantity": 4}, If_Match='"1"'), 412, "version_mismatch")
    kept = await shopper.send("PATCH", path, {"quantity": 4}, If_Match=f'"{changed["version"]}"')
    assert expect(200, kept)["version"] == changed["version"] + 1
    assert kept.headers["etag"] == f'"{changed["version"] + 1}"'
    gone = await shopper.do("DELETE", path)
    assert [one["sku"] for one in gone["lines"]] == [other]
    assert await shopper.lines() == [(other, 1)]


async def test_the_cart_tells_what_changed_since(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(price=1000)
    await shopper.add(sku, 2)
    await seller.offers(sku, 1200)
    shopper.position = seller.shopper.position
    [line] = (await shopper.cart())["lines"]
    assert (line["unitPrice"], line["priceAtAdding"], line["total"]) == (usd(1200), usd(1000), usd(2400))
    assert [warning["code"] for warning in line["warnings"]] == ["price_changed"]
    assert (await shopper.buy())["totals"]["items"] == usd(2400)


# reading an order


async def test_the_timeline_tells_every_event(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    order = await shopper.buy()
    timeline = await shopper.read(f"/api/orders/{order['orderId']}/timeline")
    assert [entry["type"] for entry in timeline["items"]] == [
        "order.placed",
        "payment.authorization_requested",
        "payment.authorized",
        "order.confirmed",
        "payment.capture_requested",
        "payment.captured",
        "order.paid",
    ]
    positions = [int(entry["position"]) for entry in timeline["items"]]
    assert positions == sorted(positions)
    assert all(entry["text"] and entry["at"].endswith("Z") for entry in timeline["items"])
    assert "350 Fifth" not in str(timeline)
    assert "pm_card_visa" not in str(timeline)


async def test_an_order_as_it_stood(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    order = await shopper.buy()
    path = f"/api/orders/{order['orderId']}"
    steps = [(await shopper.read(f"{path}?version={n}")) for n in (1, 2, 3)]
    assert [(one["status"], one["version"]) for one in steps] == [("PENDING", 1), ("PENDING", 2), ("PAID", 3)]
    assert [one["checkout"]["state"] for one in steps] == ["CART_VALIDATED", "ORDER_CREATED", "PAYMENT_CAPTURED"]

    for entry in (await shopper.read(f"{path}/timeline"))["items"]:
        for instant in (entry["recordedAt"], entry["at"]):
            then = await shopper.read(f"{path}?asOf={instant}")
            assert then["version"] >= int(entry["eventId"].rpartition("/")[2]) or "pay_" in entry["eventId"]
    assert (await shopper.read(f"{path}?asOf={order['createdAt']}"))["createdAt"] == order["createdAt"]
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    assert (await shopper.read(f"{path}?asOf={now}"))["status"] == "PAID"
    problem(await shopper.send("GET", f"{path}?asOf=2020-01-01T00:00:00Z"), 404, "not_found")
    problem(await shopper.send("GET", f"{path}?version=4"), 404, "not_found")
    for query in ("asOf=yesterday", "version=0", "version=x"):
        problem(await shopper.send("GET", f"{path}?{query}"), 422, "validation_failed")


async def test_etags_spare_the_second_reading(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    await shopper.read("/api/products", Kontor_Min_Position=seller.shopper.position)
    for path in (f"/api/products/{seller.products[sku]}", "/api/categories", "/api/me"):
        first = await shopper.send("GET", path)
        again = await shopper.send("GET", path, If_None_Match=first.headers["etag"])
        assert (again.status_code, again.content) == (304, b""), path


async def test_own_orders_newest_first_in_pages(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=100)
    placed = []
    for _ in range(7):
        await shopper.add(sku)
        placed.append((await shopper.buy())["orderId"])
    newest_first = placed[::-1]
    seen: list[str] = []
    path, pages = "/api/orders?limit=3", []
    while path:
        page = await shopper.read(path)
        assert set(page) == {"items", "next", "prev"}
        pages.append(page)
        seen += [order["orderId"] for order in page["items"]]
        path = f"/api/orders?limit=3&cursor={page['next']}" if page["next"] else ""
    assert seen == newest_first
    assert [len(page["items"]) for page in pages] == [3, 3, 1]
    back = await shopper.read(f"/api/orders?limit=3&cursor={pages[2]['prev']}")
    assert [order["orderId"] for order in back["items"]] == newest_first[3:6]
    assert [order["orderId"] for order in (await shopper.read("/api/orders?status=PAID"))["items"]] == newest_first
    assert (await shopper.read("/api/orders?status=CANCELLED"))["items"] == []
