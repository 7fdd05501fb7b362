"""The pages on a phone and in the dark: pictures for the eye, accessible, and nothing sticks out."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import DESKTOP, PHONE, Browser, inspected
from tests.web.walking import pay, search, to_checkout

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.mark.parametrize(("size", "dark"), [(PHONE, False), (PHONE, True), (DESKTOP, True)])
async def test_the_shop(chrome: Browser, seller: Seller, size: dict[str, int], dark: bool) -> None:
    face = f"{'phone' if size is PHONE else 'desktop'}{'-dark' if dark else ''}"
    sku = await seller.sells(stock=3)
    page = await chrome.page(size, dark)
    await page.goto("/")
    await expect(page.get_by_role("heading", name="Just in")).to_be_visible()
    await inspected(page, f"home-{face}")
    await search(page, "monitor")
    await inspected(page, f"search-{face}")
    if size is PHONE:
        await page.get_by_text("Filters", exact=True).click()
        await page.get_by_label("In stock only").check()
        await expect(page.get_by_role("link", name="Remove the filter In stock")).to_be_visible()
        await inspected(page, f"filters-{face}")
    await page.goto(f"/product/{seller.products[sku]}")
    await expect(page.get_by_text("Only 3 left").first).to_be_visible()
    await inspected(page, f"product-{face}", full=True)
    await to_checkout(page, seller.products[sku])
    await inspected(page, f"checkout-{face}", full=True)
    await pay(page).click()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    await inspected(page, f"order-{face}", full=True)
