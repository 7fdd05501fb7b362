"""Searches as others lead to them: by links with more in them, on screens that are turned, and by what was typed."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import Browser
from tests.web.walking import search

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
TABLET = {"width": 768, "height": 1024}


async def asked(page: Any, path: str) -> list[tuple[str, str]]:
    """What the page of this address asks the interface for, which must not refuse it."""
    async with page.expect_response("**/api/products?**") as answered:
        await page.goto(path)
    answer = await answered.value
    assert answer.status == 200, (path, await answer.text())
    await expect(page.locator(".result")).to_be_visible()
    return [pair for pair in parse_qsl(urlsplit(answer.url).query) if pair[0] != "limit"]


async def test_only_what_belongs_to_a_search_is_asked_for(chrome: Browser) -> None:
    page = await chrome.page()
    assert await asked(page, "/search?q=laptop&utm_source=mail&fbclid=abc&explain=1&cursor=x") == [("q", "laptop")]
    assert await page.locator(".chip.on").count() == 0
    links = await page.locator("main a[href^='/search']").evaluate_all("all => all.map((one) => one.href).join(' ')")
    assert "utm_source" not in links
    assert "fbclid" not in links
    kept = [("brand", "A"), ("brand", "B"), ("attr.colour", "red"), ("inStock", "true"), ("priceMin", "100")]
    more = [("priceMax", "9000"), ("ratingMin", "4"), ("shipTo", "US-CA"), ("sort", "rating"), ("category", "Audio")]
    pairs = [*kept, *more, ("seller", "shp_1")]
    path = "/search?" + "&".join(f"{name}={value}" for name, value in pairs)
    assert sorted(await asked(page, path)) == sorted(pairs)


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("page=abc&priceMin=abc&sort=bogus&inStock=perhaps&shipTo=utopia&ratingMin=9&attr.=x", []),
        ("priceMin=-1&priceMax=99999999999999&ratingMin=&page=0", []),
        ("q=laptop&q=phone&sort=price_asc&sort=newest", [("q", "laptop"), ("sort", "price_asc")]),
        (f"q={'w' * 501}", [("q", "w" * 500)]),
        (f"brand={'w' * 501}", []),
    ],
)
async def test_what_cannot_be_meant_is_left_out(chrome: Browser, query: str, meant: list[tuple[str, str]]) -> None:
    assert await asked(await chrome.page(), f"/search?{query}") == meant


async def test_a_page_behind_the_last_is_the_last(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/search?page=500")
    await expect(page.locator(".card").first).to_be_visible()
    pager = page.get_by_role("navigation", name="Pages")
    number, pages = re.findall(r"\d+", await pager.locator("span").inner_text())
    assert number == pages
    await expect(pager.get_by_role("link")).to_have_text(["Previous"])  # products are called "Next Business Day", too


async def test_filters_show_when_a_tablet_is_turned(chrome: Browser) -> None:
    page = await chrome.page(TABLET)
    await page.goto("/search?q=cable")
    filters = page.get_by_role("group", name="Filters")
    await expect(page.locator(".card").first).to_be_visible()
    await expect(filters).to_be_hidden()
    await page.set_viewport_size({"width": 1024, "height": 768})
    await expect(filters).to_be_visible()
    await page.set_viewport_size(TABLET)
    await expect(filters).to_be_hidden()
    await page.get_by_text("Filters", exact=True).click()
    await expect(filters).to_be_visible()


async def test_a_name_with_a_slash_is_suggested_as_it_is(chrome: Browser, seller: Seller) -> None:
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    page = await chrome.page()

    async def suggested(route: Any) -> None:
        product = {"kind": "product", "text": f"{word} USB 2.0 A/B", "productId": "prd_1"}
        category = {"kind": "category", "text": "Computers/Laptops"}
        await route.fulfill(json={"items": [product, category, {"kind": "search", "text": "and/or"}]})

    await page.route("**/api/products/suggest?**", suggested)
    await page.goto("/")
    await page.get_by_role("combobox", name="Search").fill(word)
    await expect(page.get_by_role("option").locator(".text")).to_have_text(
        [f"{word} USB 2.0 A/B", "Computers › Laptops", "and/or"]
    )


async def test_the_box_says_what_is_shown(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/")
    box = page.get_by_role("combobox", name="Search")
    await search(page, "monitor")
    await expect(box).to_have_value("monitor")
    shown = asyncio.Event()

    async def late(route: Any) -> None:
        await shown.wait()
        await route.continue_()

    await page.route("**/api/products?*cable*", late)
    await box.fill("cable")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("cable"))
    await expect(box).to_have_value("cable")
    shown.set()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Results for “cable”")
    await page.get_by_role("banner").get_by_role("link").first.click()
    await expect(page.get_by_role("heading", name="Categories")).to_be_visible()
    await expect(box).to_have_value("")


async def test_what_a_search_was_refused_for_is_its_heading(chrome: Browser) -> None:
    page = await chrome.page()
    refusal = {
        "status": 422,
        "code": "validation_failed",
        "title": "The request is not valid",
        "detail": "no such word",
    }
    await page.route("**/api/products?**", lambda route: route.fulfill(status=422, json=refusal))
    await page.goto("/search?q=cable")
    await expect(page.get_by_role("alert").locator("strong")).to_have_text("No such word")
    await expect(page.get_by_role("heading", level=1)).to_have_text("No such word")
    await expect(page.get_by_text("The request is not valid")).to_have_count(0)
