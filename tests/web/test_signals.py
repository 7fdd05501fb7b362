"""What the pages tell of a visit, from a search to a purchase, under an id of the tab; nothing where the browser says
no."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import Browser, inspected
from tests.web.walking import give_address, pay, register, search, to_checkout

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
NO = "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"


def signals_of(page: Any) -> list[dict[str, Any]]:
    """Signals as they leave."""
    seen: list[dict[str, Any]] = []

    def note(request: Any) -> None:
        if request.url.endswith("/api/signals"):
            seen.extend(request.post_data_json["signals"])
            assert "authorization" not in request.headers

    page.on("request", note)
    return seen


async def a_chest(seller: Seller) -> tuple[str, str]:
    """On sale and found: a word of its title that no other product has, and its SKU."""
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    sku = await seller.sells(sku=await seller.describes(f"{word} chest"))
    await seller.is_found()
    return word, sku


async def find_and_open(page: Any, word: str) -> None:
    await page.goto("/")
    await search(page, word)
    await page.locator(".card a").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(word)


async def test_what_was_looked_at_is_on_the_front_page(chrome: Browser, seller: Seller) -> None:
    word, sku = await a_chest(seller)
    page = await chrome.page()
    signals = signals_of(page)
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


def tells_of_a_purchase(request: Any) -> bool:
    return request.url.endswith("/api/signals") and '"purchase"' in request.post_data


async def test_what_was_bought_is_told_once_with_the_words_that_led_there(chrome: Browser, seller: Seller) -> None:
    word, sku = await a_chest(seller)
    page = await chrome.page()
    signals = signals_of(page)
    await find_and_open(page, word)
    await page.get_by_role("button", name="Add to cart").first.click()
    await page.get_by_role("link", name="Go to the cart").click()
    await search(page, "something else")
    await page.get_by_role("link", name=re.compile("^Cart")).click()
    await page.get_by_role("link", name="Go to checkout").click()
    await page.get_by_role("main").get_by_role("link", name="Sign in").click()
    await register(page)
    await give_address(page)
    await expect(pay(page)).to_be_enabled()
    assert [one["kind"] for one in signals] == ["search", "click", "cart", "search"], "nothing is bought yet"
    async with page.expect_request(tells_of_a_purchase) as telling:
        await pay(page).click()
    purchase = {"kind": "purchase", "productId": seller.products[sku], "query": word}
    assert (await telling.value).post_data_json == {"signals": [purchase]}, "and neither the order nor who it is"
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    await page.get_by_role("link", name="Orders", exact=True).click()
    await page.locator(".order-row").click()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    assert [one["kind"] for one in signals].count("purchase") == 1


async def test_what_came_to_nothing_was_not_bought(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells()
    page = await chrome.page()
    signals = signals_of(page)
    await to_checkout(page, seller.products[sku])
    await page.get_by_role("radio", name="Test card that is declined").check()
    await pay(page).click()
    await expect(page.get_by_text("The card was declined")).to_be_visible()
    await expect(page.locator(".timeline")).to_contain_text("Payment declined")
    assert [one["kind"] for one in signals] == ["click", "cart"]
    await page.get_by_role("link", name="Back to the cart").click()
    await page.get_by_role("link", name="Go to checkout").click()
    async with page.expect_request(tells_of_a_purchase):
        await pay(page).click()
    assert signals[2:] == [{"kind": "purchase", "productId": seller.products[sku]}]


async def test_nothing_is_told_where_the_browser_says_no(chrome: Browser, seller: Seller) -> None:
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    await seller.sells(sku=await seller.describes(f"{word} chest"))
    await seller.is_found()
    page = await chrome.page()
    await page.add_init_script(NO)
    signals = signals_of(page)
    await find_and_open(page, word)
    await page.goto("/")
    await expect(page.get_by_role("heading", name="Just in")).to_be_visible()
    assert signals == []
    assert await page.evaluate("sessionStorage.getItem('kontor.session')") is None
