"""A scope that is taken away beside a running service: what it kept open closes."""

from __future__ import annotations

import asyncio
import time

from commands.vault_sessions import REVOCATION_CHECK_SECONDS
from kontor.operating.users import _grant, _revoke
from kontor.settings import Settings
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem


def beside(house: House) -> Settings:
    """As the command line has them, on the same folder."""
    return Settings(data=house.folder)


async def test_a_running_service_heeds_it_within_a_second(house: House, admin: Shopper) -> None:
    expect(200, await admin.send("GET", "/api/admin/projections"))
    await _revoke(admin.email, "admin", True, beside(house))
    began = time.monotonic()
    while (await admin.send("GET", "/api/admin/projections")).status_code == 200:
        assert time.monotonic() < began + REVOCATION_CHECK_SECONDS + 0.75
        await asyncio.sleep(0.02)
    problem(await admin.send("GET", "/api/admin/projections"), 401, "unauthenticated")
    await admin.sign_in()
    problem(await admin.send("GET", "/api/admin/projections"), 403, "forbidden")


async def test_whom_selling_was_taken_from_sells_no_more(house: House, seller: Seller) -> None:
    sku = await seller.sells()
    shop, merchant = seller.shop_id, seller.shopper
    await _revoke(merchant.email, "merchant", False, beside(house))
    await merchant.sign_in()
    price = {"price": {"amount": 1, "currency": "USD"}}
    refused = (
        ("POST", "/api/shops", {"name": "Anew", "country": "US", "currency": "USD"}),
        ("POST", "/api/products", {"title": "Bed", "description": "Oak.", "category": ["Beds"], "attributes": {}}),
        ("PATCH", f"/api/products/{seller.products[sku]}", {"title": "Mine"}),
        ("PATCH", f"/api/shops/{shop}", {"name": "Anew"}),
        ("PUT", f"/api/offers/{shop}/{sku}", price),
        ("POST", f"/api/inventory/{shop}/{sku}/receive", {"quantity": 1}),
    )
    for method, path, body in refused:
        assert "was taken from" in problem(await merchant.send(method, path, body), 403, "forbidden")["detail"]
    assert (await merchant.read(f"/api/shops/{shop}/orders"))["items"] == [], "what was sold is still theirs to see"
    await _grant(merchant.email, "merchant", beside(house))
    await merchant.sign_in()
    await merchant.do("PUT", f"/api/offers/{shop}/{sku}", price)
