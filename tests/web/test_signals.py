"""What the pages tell of a visit: searches and views, under an id of the tab; nothing where the browser says no."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import Browser, inspected
from tests.web.walking import search

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
NO = "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"


def told(page: Any) -> list[dict[str, Any]]:
    """Signals as they leave."""
    seen: list[dict[str, Any]] = []

    def note(request: Any) -> None:
        if request.url.endswith("/api/signals"):
            seen.extend(request.post_data_json["signals"])
            assert "authorization" not in request.headers

    page.on("request", note)
    return seen


async def find_and_open(page: Any, word: str) -> None:
    await page.goto("/")
    await search(page, word)
    await page.locator(".card a").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(word)


async def test_what_was_looked_at_is_on_the_front_page(chrome: Browser, seller: Seller) -> None:
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    sku = await seller.sells(sku=await seller.describes(f"{word} chest"))
    await seller.is_found()
    page = await chrome.page()
    signals = told(page)
    await find_and_open(page, word)
    await page.get_by_role("button", name="Add to cart").first.click()
    await expect(page.locator(".said .added").first).to_be_visible()
    product = {"productId": seller.products[sku], "query": word}
    assert signals == [{"kind": "search", "query": word}, {"kind": "click", **product}, {"kind": "cart", **product}]
    shelf = page.locator("section", has=page.get_by_role("heading", name="You looked at"))
    for _ in range(20):
        await page.goto("/")
        await expect(page.get_by_role("heading", name="Just in")).to_be_visible()
        if await shelf.count():
            break
    await expect(shelf.locator(".card")).to_have_count(1)
    await inspected(page, "home-looked-at")


async def test_nothing_is_told_where_the_browser_says_no(chrome: Browser, seller: Seller) -> None:
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    await seller.sells(sku=await seller.describes(f"{word} chest"))
    await seller.is_found()
    page = await chrome.page()
    await page.add_init_script(NO)
    signals = told(page)
    await find_and_open(page, word)
    await page.goto("/")
    await expect(page.get_by_role("heading", name="Just in")).to_be_visible()
    assert signals == []
    assert await page.evaluate("sessionStorage.getItem('kontor.session')") is None
