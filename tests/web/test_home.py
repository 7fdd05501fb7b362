"""The front page in a browser: what may please is there for everybody, and is called what it is."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.finding.buyers import buy
from tests.e2e.market import Seller
from tests.e2e.shopper import PASSWORD, Shopper
from tests.web.browser import PHONE, Browser, inspected
from tests.web.walking import register

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
BEST_SELLER = 4
"""Orders: no other test of the pages buys the same so often."""
SHIFTS = """
let drawn = Infinity;
window.shifted = 0;
const coming = new MutationObserver(() => {
  if (!document.querySelector(".hero")) return;
  coming.disconnect();
  requestAnimationFrame(() => requestAnimationFrame((now) => { drawn = now + 250; }));
});
coming.observe(document, {childList: true, subtree: true});
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (one.startTime > drawn && !one.hadRecentInput) window.shifted += one.value;
}).observe({type: "layout-shift", buffered: true});
"""
"""How far what is drawn moves (https://wicg.github.io/layout-instability/) a moment after the page has taken the place
of what said that it was coming. The moment begins with the frame after that one, however long a busy machine takes."""


def shelf(page: Any, name: str) -> Any:
    return page.locator("section", has=page.get_by_role("heading", name=name, exact=True))


async def best_seller(http: httpx.AsyncClient, seller: Seller) -> tuple[str, Shopper]:
    """Its title, and one of those who bought it."""
    title = f"Larch stool {uuid.uuid4().hex[:6]}"
    sku = await seller.sells(100, sku=await seller.describes(title))
    for _ in range(BEST_SELLER):
        buyer = await buy(http, sku)
    found = await buyer.read("/api/popular?limit=10")
    assert title in [item["title"] for item in found["items"]]
    return title, buyer


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
async def test_whoever_is_nobody_yet_sees_what_sells(
    chrome: Browser, seller: Seller, http: httpx.AsyncClient, size: dict[str, int] | None
) -> None:
    title, _ = await best_seller(http, seller)
    page = await chrome.page(size)
    await page.add_init_script(SHIFTS)

    async def late(route: Any) -> None:
        await asyncio.sleep(1)
        await route.continue_()

    await page.route("**/api/popular?**", late)
    await page.goto("/")
    popular = shelf(page, "Popular now")
    await expect(popular.get_by_role("link", name=title)).to_be_visible()
    await expect(shelf(page, "Just in").locator(".card").first).to_be_visible()
    await expect(shelf(page, "For you")).to_have_count(0)
    assert await page.evaluate("window.shifted") == 0  # a picture of all of it may move it
    await inspected(page, f"home-popular{'-phone' if size else ''}", full=True)
    await popular.get_by_role("link", name=title).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)


async def test_a_feed_of_nothing_but_what_sells_is_called_that(
    chrome: Browser, seller: Seller, http: httpx.AsyncClient
) -> None:
    title, _ = await best_seller(http, seller)
    page = await chrome.page()
    await page.goto("/sign-in")
    await register(page)
    await expect(shelf(page, "Popular now").get_by_role("link", name=title)).to_be_visible()
    await expect(shelf(page, "For you")).to_have_count(0)


async def test_whoever_has_a_feed_sees_that(chrome: Browser, seller: Seller, http: httpx.AsyncClient) -> None:
    title, buyer = await best_seller(http, seller)
    [sku] = seller.products
    await buyer.add(sku)
    await buyer.settled((await buyer.buy())["orderId"])
    assert (await buyer.read("/api/feed"))["items"][0]["reason"]["kind"] == "bought_again"
    page = await chrome.page()
    await page.goto("/sign-in")
    panel = page.locator("section", has=page.get_by_role("heading", name="Sign in"))
    await panel.get_by_label("E-mail").fill(buyer.email)
    await panel.get_by_label("Password").fill(PASSWORD)
    await panel.get_by_role("button", name="Sign in").click()
    await expect(shelf(page, "For you").get_by_role("link", name=title)).to_be_visible()
    await expect(shelf(page, "Popular now")).to_have_count(0)


async def test_where_it_cannot_be_had_the_rest_is_there(chrome: Browser) -> None:
    page = await chrome.page()
    await page.route("**/api/popular?**", lambda route: route.fulfill(status=404, json={"status": 404, "title": "No"}))
    await page.goto("/")
    await expect(shelf(page, "Just in").locator(".card").first).to_be_visible()
    await expect(shelf(page, "Popular now")).to_have_count(0)
