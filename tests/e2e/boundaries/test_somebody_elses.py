"""What is somebody else's, and what customers may not: refused, without a trace."""

from __future__ import annotations

from tests.e2e.boundaries.sending import OFFER_PRICE, no_trace
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, problem, sign_up


async def test_somebody_elses_cart_and_order(house: House, seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    mallory = await (await sign_up(house.http, "Mallory")).move_in()
    async with no_trace(house):
        problem(await mallory.place(cartId=shopper.cart_id), 403, "forbidden")
        quote = {"cartId": shopper.cart_id, "addressId": mallory.address_id}
        problem(await mallory.send("POST", "/api/orders/quote", quote), 403, "forbidden")
        line = (await shopper.cart())["lines"][0]["itemId"]
        problem(await mallory.send("DELETE", f"/api/cart/items/{line}"), 404, "not_found")
        problem(await shopper.place(addressId=mallory.address_id), 404, "not_found")
        problem(await shopper.place(paymentMethodId=mallory.method_id), 404, "not_found")
    order = await shopper.buy()
    async with no_trace(house):
        for path in ("", "/timeline"):
            problem(await mallory.send("GET", f"/api/orders/{order['orderId']}{path}"), 404, "not_found")
        problem(await mallory.cancel(order["orderId"]), 404, "not_found")
    assert (await mallory.read("/api/orders"))["items"] == []


async def test_somebody_elses_shop(house: House, seller: Seller) -> None:
    sku = await seller.sells()
    mallory = await open_shop(house.http, "Mallory's")
    shop, product = seller.shop_id, seller.products[sku]
    async with no_trace(house):
        for method, path, body in (
            ("PUT", f"/api/offers/{shop}/{sku}", {"price": OFFER_PRICE}),
            ("DELETE", f"/api/offers/{shop}/{sku}", None),
            ("POST", f"/api/inventory/{shop}/{sku}/receive", {"quantity": 1}),
            ("POST", f"/api/inventory/{shop}/{sku}/adjust", {"quantity": -1}),
            ("PATCH", f"/api/shops/{shop}", {"name": "Mine"}),
            ("PATCH", f"/api/products/{product}", {"title": "Mine"}),
            ("DELETE", f"/api/products/{product}", None),
            ("GET", f"/api/shops/{shop}/orders", None),
            ("GET", f"/api/shops/{shop}/inventory", None),
        ):
            problem(await mallory.shopper.send(method, path, body), 403, "forbidden")


async def test_what_customers_may_not(house: House, shopper: Shopper) -> None:
    async with no_trace(house):
        problem(await shopper.send("POST", "/api/products", {"title": "Bed"}), 403, "forbidden")
