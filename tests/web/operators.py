"""The console as an operator opens it, and an order to look at there."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import Browser
from tests.web.walking import pay, to_checkout

PASSWORD = "kontor-demo"


async def sign_in(page: Any, email: str) -> None:
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def operator(chrome: Browser, path: str = "/console", **look: Any) -> Any:
    page = await chrome.page(**look)
    await page.goto(path)
    await sign_in(page, "admin@kontor.example")
    await expect(page.get_by_role("navigation", name="Console")).to_be_visible()
    return page


async def bought(chrome: Browser, seller: Seller, price: int = 1999) -> Any:
    """The page of an order just placed."""
    sku = await seller.sells(price=price)
    page = await chrome.page()
    await to_checkout(page, seller.products[sku])
    await pay(page).click()
    await expect(page.locator(".timeline li").first).to_be_visible()
    return page
