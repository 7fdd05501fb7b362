"""Lines of a cart, a checkout, an order and a wishlist say which of a family they are and whose, and keep the focus."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import Browser, inspected
from tests.web.families import shirts
from tests.web.people import buyer, signed_in
from tests.web.walking import pay

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]


def whose(page: Any, colour: str) -> Any:
    return page.get_by_text(f"Colour: {colour}, from Nordwald", exact=True)


async def test_a_line_says_which_of_a_family_and_from_whom(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    product_id, red, blue = await shirts(seller)
    shopper = await buyer(http, red, blue)
    await shopper.do("POST", "/api/wishlist/items", {"sku": blue}, 201)
    page = await chrome.page()
    await signed_in(page, shopper, "/cart")
    for colour in ("red", "blue"):
        await expect(whose(page, colour)).to_be_visible()
    await inspected(page, "cart-family")
    await page.get_by_role("link", name="Go to checkout").click()
    for colour in ("red", "blue"):
        await expect(whose(page, colour)).to_be_visible()
    await pay(page).click()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    for colour in ("red", "blue"):
        await expect(whose(page, colour)).to_be_visible()
    links = [await link.get_attribute("href") for link in await page.get_by_role("link", name="Linen shirt").all()]
    assert links == [f"/product/{product_id}?sku={sku}" for sku in (red, blue)]
    await page.goto("/wishlist")
    await expect(page.get_by_text("Colour: blue", exact=True)).to_be_visible()


async def test_the_keyboard_stays_where_it_was(chrome: Browser, http: httpx.AsyncClient, seller: Seller) -> None:
    _, red, blue = await shirts(seller)
    page = await chrome.page()
    await signed_in(page, await buyer(http, red, blue), "/cart")
    first = page.locator(".line-item", has=page.locator(f"a[href$='{red}']"))
    quantity = first.get_by_label("Quantity of Linen shirt")
    await quantity.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("link", name=re.compile("Cart.*3 items"))).to_be_visible()
    await expect(quantity).to_have_value("2")
    await expect(quantity).to_be_focused()
    await first.get_by_role("button", name="Take out").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".line-item")).to_have_count(1)
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
