"""The wishlist in a browser: saved from a page, compared with what it costs now, bought, taken off, told of by mail."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import PHONE, Browser, inspected
from tests.web.walking import register

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
SAVE = re.compile("Save to wishlist")
LETTERS = re.compile("Tell me by mail")


def row(page: Any, title: str) -> Any:
    return page.locator(".line-item", has=page.get_by_role("link", name=title))


async def sold(seller: Seller, price: int = 4900) -> tuple[str, str, str]:
    """Title, SKU and product."""
    title = f"Cedar chest {uuid.uuid4().hex[:6]}"
    sku = await seller.sells(10, price, await seller.describes(title))
    return title, sku, seller.products[sku]


async def saved(page: Any, product_id: str) -> None:
    await page.goto(f"/product/{product_id}")
    await page.get_by_role("button", name=SAVE).click()
    await expect(page.get_by_text("Saved.")).to_be_visible()


async def test_what_was_saved_waits_and_says_when_it_costs_less(chrome: Browser, seller: Seller) -> None:
    title, sku, product_id = await sold(seller)
    page = await chrome.page()
    await page.goto(f"/product/{product_id}")
    await page.get_by_role("button", name=SAVE).click()
    await register(page)
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page).to_have_url(re.compile(f"/product/{product_id}$"))
    await inspected(page, "product-saved")
    await seller.offers(sku, 3900)
    await page.get_by_role("link", name="Go to your wishlist").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your wishlist")
    await expect(row(page, title)).to_contain_text("In stock")
    await page.reload()
    await expect(row(page, title)).to_contain_text("$39.00")
    await expect(row(page, title)).to_contain_text("$49.00 then: costs less than when you saved it")
    await inspected(page, "wishlist", full=True)
    await page.get_by_role("button", name=f"Add to cart: {title}").click()
    await expect(page.get_by_role("link", name=re.compile("Cart.*1 item"))).to_be_visible()
    await page.get_by_role("button", name=f"Take {title} off").click()
    await expect(page.get_by_role("heading", name="Nothing saved yet")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await inspected(page, "wishlist-empty")


async def test_letters_come_to_those_who_switch_them_on(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/wishlist")
    await expect(page.get_by_role("heading", name="Sign in first")).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name="Sign in").click()
    await register(page)
    switch = page.get_by_role("switch", name=LETTERS)
    await expect(switch).not_to_be_checked()
    await switch.focus()
    await page.keyboard.press("Space")
    await expect(page.locator("[role=status]").last).to_contain_text("You will get letters")
    await expect(switch).to_be_checked()
    await expect(switch).to_be_focused()
    await page.reload()
    await expect(switch).to_be_checked()
    await switch.uncheck()
    await expect(page.locator("[role=status]").last).to_contain_text("You will get no letters")
    await page.reload()
    await expect(switch).not_to_be_checked()


async def test_a_switch_that_is_refused_goes_back(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/sign-in?to=/wishlist")
    await register(page)
    await page.route("**/api/me", lambda route: route.abort() if route.request.method == "PATCH" else route.continue_())
    switch = page.get_by_role("switch", name=LETTERS)
    await switch.click()
    await expect(page.get_by_role("alert")).to_contain_text("No connection")
    await expect(switch).not_to_be_checked()


async def test_it_can_be_used_by_the_keyboard_alone_on_a_phone(chrome: Browser, seller: Seller) -> None:
    first, second = [await sold(seller) for _ in range(2)]
    page = await chrome.page(PHONE, dark=True)
    await page.goto("/sign-in")
    await register(page)
    await expect(page.get_by_role("link", name="Wishlist", exact=True)).to_be_visible()
    for _, _, product_id in (first, second):
        await saved(page, product_id)
    await page.get_by_role("link", name="Wishlist", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(row(page, first[0])).to_be_visible()
    await inspected(page, "wishlist-phone", full=True)
    await page.get_by_role("button", name=f"Take {second[0]} off").focus()
    await page.keyboard.press("Enter")
    await expect(row(page, second[0])).to_have_count(0)
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await expect(row(page, first[0])).to_be_visible()


async def test_where_nobody_delivers_it_can_be_seen_and_not_bought(chrome: Browser, seller: Seller) -> None:
    title = f"Cedar chest {uuid.uuid4().hex[:6]}"
    sku = await seller.sells(10, 4900, await seller.describes(title), shipsTo=["US"])
    page = await chrome.page()
    await page.goto(f"/product/{seller.products[sku]}?shipTo=DE")
    await expect(page.get_by_text("Nobody delivers it there")).to_be_visible()
    await expect(page.get_by_role("button", name="Not delivered there")).to_be_disabled()
    await inspected(page, "product-not-delivered")
    await page.goto(f"/product/{seller.products[sku]}?shipTo=US")
    await expect(page.locator(".buy").get_by_role("button", name="Add to cart")).to_be_enabled()
