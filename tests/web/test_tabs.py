"""One cart in several tabs, and goods that others buy meanwhile: each ends up at what is true, and says the way on."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import Browser, inspected
from tests.web.people import buyer, signed_in
from tests.web.walking import pay

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]


async def test_what_another_tab_bought_is_not_bought_again(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    shopper = await buyer(http, await seller.sells())
    page = await chrome.page()
    await signed_in(page, shopper, "/checkout")
    await expect(pay(page)).to_be_enabled()
    late, cart = await page.context.new_page(), await page.context.new_page()
    await late.goto("/checkout")
    await expect(pay(late)).to_be_enabled()
    await cart.goto("/cart")
    await expect(cart.locator(".line-item")).to_have_count(1)
    await pay(page).click()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()

    await pay(late).click()
    await expect(late.get_by_text("Your cart is empty")).to_be_visible()
    await expect(pay(late)).to_be_disabled()
    orders = late.get_by_role("main").get_by_role("link", name="your orders")
    await expect(orders).to_be_focused()
    await orders.click()
    await expect(late.locator(".order-row")).to_have_count(1)

    await cart.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(cart.get_by_text("Nothing in it yet")).to_be_visible()


async def test_what_is_sold_out_at_the_last_moment_is_named(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    sku = await seller.sells(sku=await seller.describes("Oak bench"), stock=1)
    page = await chrome.page()
    await signed_in(page, await buyer(http, sku), "/checkout")
    await expect(pay(page)).to_be_enabled()
    other = await page.context.new_page()
    await other.goto(f"/product/{seller.products[sku]}")
    add = other.locator(".buy").get_by_role("button", name="Add to cart")
    await expect(add).to_be_enabled()
    path = f"/api/inventory/{seller.shop_id}/{sku}/adjust"
    await seller.shopper.do("POST", path, {"quantity": -1, "reason": "broken"})

    await pay(page).click()
    said = page.locator(".summary .notice")
    await expect(said).to_contain_text("Not all of it can be bought any more")
    await expect(said.get_by_role("listitem")).to_have_text("Oak bench: sold out")
    await expect(said.get_by_role("link", name="to the cart")).to_be_focused()
    await expect(pay(page)).to_be_disabled()
    await inspected(page, "checkout-sold-out", full=True)

    await add.click()
    alert = other.get_by_role("alert")
    await expect(alert).to_contain_text("Sold out meanwhile")
    await expect(alert).not_to_contain_text(sku)
    await expect(add).to_be_focused()


async def test_a_press_without_a_connection_keeps_the_keyboard(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    page = await chrome.page()
    await signed_in(page, await buyer(http, await seller.sells()), "/checkout")
    await expect(pay(page)).to_be_enabled()
    await page.context.set_offline(True)
    await pay(page).press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("No connection")
    await expect(pay(page)).to_be_focused()
    await page.context.set_offline(False)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
