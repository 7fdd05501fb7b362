"""Query parameters that a route does not know are refused by every route, and by name."""

from __future__ import annotations

import pytest

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, fresh_key, problem


@pytest.mark.parametrize(
    "path",
    [
        *("/api/cart", "/api/orders", "/api/me", "/api/wishlist", "/api/feed", "/api/popular", "/api/categories"),
        *("/api/products", "/api/products/suggest", "/api/events", "/api/admin/parked", "/api/subscriptions"),
        *("/api/orders/ord_1", "/api/orders/ord_1/timeline", "/api/shops/shp_1", "/api/shops/shp_1/inventory"),
    ],
)
async def test_queries(admin: Shopper, path: str) -> None:
    refused = problem(await admin.send("GET", f"{path}?q=a&stat%C3%BCs=PAID"), 422, "validation_failed")
    named = [(entry["in"], entry["parameter"]) for entry in refused["errors"]]
    assert named in ([("query", "q")], [("query", "statüs")])


@pytest.mark.parametrize("query", ["shipto=US", "utm_source=mail", "shipTo=US&shipTo=DE", "shipTo=US&q=a"])
async def test_product_pages(seller: Seller, visitor: Shopper, query: str) -> None:
    sku = await seller.sells()
    path = f"/api/products/{seller.products[sku]}"
    problem(await visitor.send("GET", f"{path}?{query}"), 422, "validation_failed")
    visitor.position = seller.shopper.position
    assert (await visitor.read(f"{path}?ship%54o=US"))["productId"] == seller.products[sku]


async def test_commands(house: House, shopper: Shopper, seller: Seller) -> None:
    sku = await seller.sells()
    head = await house.head()
    wish = {"sku": sku, "quantity": 1}
    problem(await shopper.send("POST", "/api/cart/items?quantity=2", wish), 422, "validation_failed")
    path = "/api/orders/ord_01KARQ0000ABCDEFGHJKMNPQRS/cancel?dry=1"
    problem(await shopper.send("POST", path, None, Idempotency_Key=fresh_key()), 422, "validation_failed")
    assert await house.head() == head


@pytest.mark.parametrize(
    "path", ["/api/subscriptions", "/api/admin/parked", "/api/admin/slices", "/api/drops", "/api/orders"]
)
async def test_whoever_pages_may_page_through_any_list(admin: Shopper, path: str) -> None:
    assert expect(200, await admin.send("GET", f"{path}?limit=5"))["next"] is None


async def test_what_strangers_call_is_not_looked_at(visitor: Shopper) -> None:
    """Providers and balancers add what they like."""
    for path in ("/livez?probe=1", "/?utm_source=mail"):
        expect(200, await visitor.send("GET", path))
    hook = await visitor.http.post("/api/webhooks/payments/simulated?retry=1", json={})
    assert hook.status_code == 401, hook.text
