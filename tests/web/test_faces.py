"""The pages on a phone, in the dark and on paper: pictures for the eye, accessible, and nothing sticks out."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import DESKTOP, PHONE, Browser, inspected
from tests.web.operators import bought
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


FINGER_PX = 44
"""What a finger hits (WCAG 2.2, 2.5.5)."""
SMALL = """least => [...document.querySelectorAll(".tool, main .button, .chip, .filters label, .tree a, .foot a")]
  .filter((one) => one.checkVisibility())
  .map((one) => [one.textContent, one.getBoundingClientRect()])
  .filter(([, { height, width }]) => height < least || width < 24)
  .map(([text, { height, width }]) => `${text}: ${width} x ${height}`)"""


async def test_what_is_touched_is_as_large_as_a_finger(chrome: Browser) -> None:
    page = await chrome.page(PHONE)
    await page.goto("/search?q=monitor&inStock=true")
    await page.get_by_text("Filters", exact=True).click()
    await expect(page.locator(".facet li").first).to_be_visible()
    assert await page.evaluate(SMALL, FINGER_PX) == []
    filters, order = page.locator(".filters > summary"), page.locator(".sorting select")
    tops = [(await one.bounding_box())["y"] for one in (filters, order)]
    assert tops[0] == tops[1], "filters and order share a row"
    await order.select_option("price_asc")
    await expect(page.locator(".card").first).to_be_visible()


async def test_an_order_on_paper(chrome: Browser, seller: Seller) -> None:
    page = await bought(chrome, seller)
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    await page.emulate_media(media="print")
    for left_out in (".top", ".foot", "#cancel"):
        await expect(page.locator(left_out)).to_be_hidden()
    for printed in ("h1", ".line-items", ".totals", "address", ".timeline"):
        await expect(page.locator(printed)).to_be_visible()
