"""Steps through the pages that several tests take, in the words of those who see or hear them."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from playwright.async_api import expect

from tests.e2e.shopper import HOME, PASSWORD

_numbers = count(1)


async def search(page: Any, words: str) -> None:
    await page.get_by_role("combobox", name="Search").fill(words)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Results for “{words}”")


async def put_into_cart(page: Any, product_id: str) -> None:
    await page.goto(f"/product/{product_id}")
    await page.locator(".buy").get_by_role("button", name="Add to cart").click()
    await expect(page.get_by_text("In your cart.")).to_be_visible()


async def register(page: Any) -> str:
    """Opens an account from where the page asks for one; the e-mail address."""
    email = f"web-{next(_numbers)}@example.com"
    panel = page.locator("section", has=page.get_by_role("heading", name="New here?"))
    await panel.get_by_label("Name").fill("Ada Example")
    await panel.get_by_label("E-mail").fill(email)
    await panel.get_by_label("Password").fill(PASSWORD)
    await panel.get_by_role("button", name="Open an account").click()
    return email


async def give_address(page: Any) -> None:
    await expect(page.get_by_role("button", name="Keep this address")).to_be_visible()
    await page.get_by_label("Name").fill(HOME["name"])
    await page.get_by_label("Street and number").fill(HOME["line1"])
    await page.get_by_label("City").fill(HOME["city"])
    await page.get_by_label("State or region").fill(HOME["region"])
    await page.get_by_label("Postal code").fill(HOME["postalCode"])
    await page.get_by_label("Country").select_option("US")
    await page.get_by_role("button", name="Keep this address").click()


async def to_checkout(page: Any, product_id: str) -> None:
    """With this in the cart and as somebody new, up to the button that buys."""
    await put_into_cart(page, product_id)
    await page.goto("/sign-in?to=/checkout")
    await register(page)
    await give_address(page)
    await expect(pay(page)).to_be_enabled()


def pay(page: Any) -> Any:
    return page.get_by_role("button", name=re.compile("^Pay "))
