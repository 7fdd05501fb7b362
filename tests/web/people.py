"""Those whom a browser signs in, with what they did before it came: by the documented interface, which is quicker."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.e2e.shopper import PASSWORD, Shopper, fresh_key, sign_up
from tests.web.browser import Browser
from tests.web.walking import register


async def signed_in(page: Any, who: Shopper, to: str) -> None:
    """Leads to an address as this person."""
    await page.goto(f"/sign-in?to={to}")
    panel = page.locator("section", has=page.get_by_role("heading", name="Sign in"))
    await panel.get_by_label("E-mail").fill(who.email)
    await panel.get_by_label("Password").fill(PASSWORD)
    await panel.get_by_role("button", name="Sign in", exact=True).click()


async def buyer(http: httpx.AsyncClient, *skus: str) -> Shopper:
    """With an address, a card that works, and these in the cart."""
    shopper = await (await sign_up(http)).move_in()
    for sku in skus:
        await shopper.add(sku)
    return shopper


async def administrator(http: httpx.AsyncClient) -> Shopper:
    admin = Shopper(http, email="admin@kontor.example")
    await admin.sign_in("kontor-demo")
    return admin


async def delivers(seller: Seller, order: dict[str, Any]) -> None:
    """All that is the seller's of it."""
    path = f"/api/orders/{order['orderId']}/shipments"
    packed = await seller.shopper.do("POST", path, {"carrier": "UPS"}, 201, Idempotency_Key=fresh_key())
    await seller.shopper.do("POST", f"{path}/{packed['shipmentId']}/delivered", Idempotency_Key=fresh_key())


async def customer(chrome: Browser, size: dict[str, int] | None = None) -> Any:
    page = await chrome.page(size)
    await page.goto("/sign-in")
    await register(page)
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page
