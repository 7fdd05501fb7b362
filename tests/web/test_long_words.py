"""Words of four hundred letters, which people write and machines even more: no page becomes wider than its screen."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.finding.buyers import buy
from tests.e2e.market import Seller
from tests.e2e.shopper import PASSWORD
from tests.web.browser import DESKTOP, PHONE, Browser, require_fitting
from tests.web.operators import operator

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
WORD = "Donaudampfschifffahrts" * 18
WRITTEN = {"title", "name", "shopName", "brand", "text", "description", "note", "explanation", "reason", "detail"}
"""Members of answers that people fill."""
REVIEW = {
    "reviewId": "rvw_1",
    "rating": 4,
    "title": WORD,
    "text": WORD,
    "updatedAt": "2026-01-01T00:00:00Z",
}


def lengthened(value: Any) -> Any:
    if isinstance(value, list):
        return [lengthened(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: WORD if name in WRITTEN and isinstance(one, str) else lengthened(one) for name, one in value.items()}


async def lengthen(page: Any) -> None:
    """Everything that people wrote is one word from now on."""

    async def answer(route: Any) -> None:
        if route.request.method != "GET":
            await route.continue_()
            return
        real = await route.fetch()
        if "json" not in real.headers.get("content-type", ""):
            await route.fulfill(response=real)
            return
        await route.fulfill(response=real, json=lengthened(await real.json()))

    await page.route("**/api/**", answer)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_pages_of_the_shop(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller, size: dict[str, int]
) -> None:
    buyer = await buy(http, await seller.sells())
    [product_id] = seller.products.values()
    page = await chrome.page(size)
    await page.goto("/sign-in")
    await page.get_by_label("E-mail").first.fill(buyer.email)
    await page.get_by_label("Password").first.fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    await lengthen(page)
    for path, drawn in (
        ("/", ".card"),
        (f"/search?q={WORD}&brand={WORD}", ".result-head"),
        ("/search?q=cable", ".card"),
        (f"/product/{product_id}", ".offers tbody tr"),
        ("/orders", ".order-row"),
    ):
        await page.goto(path)
        await expect(page.locator(drawn).first).to_be_visible()
        await require_fitting(page)


async def test_a_review(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells()
    page = await chrome.page(PHONE)

    async def reviewed(route: Any) -> None:
        await route.fulfill(json={"items": [REVIEW], "next": None, "prev": None})

    await page.route("**/api/products/*/reviews**", reviewed)
    await page.goto(f"/product/{seller.products[sku]}")
    await expect(page.locator(".reviews li")).to_contain_text(WORD)
    await require_fitting(page)


async def test_a_problem(chrome: Browser) -> None:
    page = await chrome.page(PHONE)
    refusal = {"status": 409, "code": "planted", "title": WORD, "detail": WORD}
    await page.route("**/api/products?**", lambda route: route.fulfill(status=409, json=refusal))
    await page.goto("/search?q=cable")
    await expect(page.get_by_role("alert")).to_contain_text(WORD)
    await require_fitting(page)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_panels_of_the_console(chrome: Browser, seller: Seller, size: dict[str, int]) -> None:
    await seller.sells()
    page = await operator(chrome, size=size)
    await lengthen(page)
    for panel, drawn in (("orders", "main h1"), ("stock", "main select"), ("reviews", "main h1")):
        await page.goto(f"/console/{panel}")
        await expect(page.locator(drawn).first).to_be_visible()
        await require_fitting(page)
