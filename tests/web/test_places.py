"""Nobody loses their place: going back leads to where one was, and what is only narrowed stays in sight."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import Browser

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
LATE_S = 0.6
"""Longer than a page waits before it says that something is coming."""


async def far_down(page: Any) -> int:
    """Scrolls to what is below the first screens of a result; how far that is."""
    await page.locator(".card").nth(20).scroll_into_view_if_needed()
    down: int = await page.evaluate("Math.round(scrollY)")
    assert down > 500
    return down


async def late(route: Any) -> None:
    await asyncio.sleep(LATE_S)
    await route.continue_()


async def test_going_back_leads_to_where_one_was(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/search?q=cable")
    down = await far_down(page)
    await page.route("**/api/products**", late)
    await page.locator(".card a").nth(20).click()
    await expect(page.locator(".product")).to_be_visible()
    assert await page.evaluate("scrollY") == 0
    await page.go_back()
    await expect(page.locator(".card")).to_have_count(24)
    assert await page.evaluate("Math.round(scrollY)") == down
    await page.go_forward()
    await expect(page.locator(".product")).to_be_visible()
    assert await page.evaluate("scrollY") == 0


async def test_filters_stay_in_sight_and_as_open_as_they_were(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/search?q=cable")
    brands = page.locator("details.facet", has=page.get_by_text("Brand", exact=True))
    await page.get_by_text("Cable length", exact=True).click()
    await brands.get_by_text("more", exact=False).click()
    box = brands.get_by_role("checkbox").nth(8)
    await box.scroll_into_view_if_needed()
    down = await page.evaluate("scrollY")
    await page.route("**/api/products?**", late)
    await box.check()
    await expect(page.locator("main[aria-busy=true] .card")).to_have_count(24)
    await expect(page.locator(".chip.on")).to_have_count(1)
    await expect(page.locator("main[aria-busy]")).to_have_count(0)
    assert await page.evaluate("scrollY") == down
    length = page.locator("details.facet", has=page.get_by_text("Cable length", exact=True))
    await expect(length).to_have_attribute("open", "")
    await expect(brands.locator(".more")).to_have_attribute("open", "")


async def test_a_button_that_works_keeps_the_keyboard_and_works_once(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells()
    page = await chrome.page()
    await page.goto(f"/product/{seller.products[sku]}")
    button = page.locator(".buy").get_by_role("button", name="Add to cart")
    await button.focus()
    await page.route("**/api/cart/items", late)
    await page.keyboard.press("Enter")
    await expect(button).to_have_attribute("aria-busy", "true")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("In your cart.")).to_be_visible()
    await expect(button).to_be_focused()
    await expect(page.get_by_role("link", name="Cart 1 item")).to_be_visible()
