"""What belongs to somebody: visitors are asked to sign in and come back, and a product says whether it is saved."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.e2e.shopper import fresh_key
from tests.web.browser import Browser, inspected
from tests.web.conftest import REVIEWED_ABOVE
from tests.web.families import shirts
from tests.web.people import administrator, buyer, signed_in
from tests.web.walking import register

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
SAVE = re.compile("Save to wishlist")


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/orders", "Your orders"),
        ("/orders/ord_01KARQ0000ABCDEFGHJKMNPQRS", "Your order"),
        ("/wishlist", "Your wishlist"),
        ("/account", "Your account"),
        ("/checkout", "Checkout"),
    ],
)
async def test_a_visitor_is_asked_to_sign_in(chrome: Browser, path: str, heading: str) -> None:
    page = await chrome.page()
    await page.goto(path)
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    await expect(page.get_by_role("alert")).to_have_count(0)
    link = page.get_by_role("main").get_by_role("link", name="Sign in")
    await expect(link).to_have_attribute("href", f"/sign-in?to={path.replace('/', '%2F')}")
    await inspected(page, f"visitor{path.replace('/', '-')[:9]}")


async def test_what_was_wished_before_signing_in_is_saved_once(chrome: Browser, seller: Seller) -> None:
    product_id, _, blue = await shirts(seller)
    page = await chrome.page()
    await page.goto(f"/product/{product_id}?sku={blue}")
    await page.get_by_role("button", name=SAVE).click()
    await register(page)
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page).to_have_url(re.compile(rf"\?sku={blue}$"))
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await page.reload()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.get_by_role("button", name=SAVE)).to_have_count(0)
    await page.get_by_role("radio", name="red").check()
    await expect(page.get_by_role("button", name=SAVE)).to_be_visible()
    await expect(page.get_by_text("Saved.")).to_have_count(0)
    await page.get_by_role("button", name=SAVE).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Go to your wishlist")).to_be_focused()
    await page.get_by_role("link", name="Go to your wishlist").click()
    await expect(page.locator(".line-item")).to_have_count(2)
    await page.get_by_role("button", name="Take Linen shirt off").first.click()
    await expect(page.locator(".line-item")).to_have_count(1)
    await page.go_back()
    await expect(page.get_by_role("button", name=SAVE)).to_be_visible()


async def test_where_nothing_was_taken_nothing_goes_back(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    shopper = await buyer(http, await seller.sells(price=REVIEWED_ABOVE + 1))
    order = (await shopper.place(wait=0)).json()
    admin = await administrator(http)
    page = await chrome.page()
    await signed_in(page, shopper, f"/orders/{order['orderId']}")
    await expect(page.locator(".timeline")).to_contain_text("Waits until somebody has looked at it")
    path = f"/api/admin/reviews/{order['orderId']}/reject"
    await admin.do("POST", path, {"note": "No."}, Idempotency_Key=fresh_key())
    await expect(page.get_by_text("Called off")).to_be_visible()
    await expect(page.get_by_text("Nothing was charged.")).to_be_visible()
    await expect(page.get_by_text("What was paid goes back")).to_have_count(0)
