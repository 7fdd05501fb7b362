"""The pages without a mouse, and what they do when the API says no or nothing."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.web.browser import Browser, inspected
from tests.web.walking import register, search

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]


async def test_the_first_stop_skips_what_every_page_has(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/search?q=cable")
    await expect(page.locator("main .card a").first).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"#main$"))
    await page.keyboard.press("Tab")
    await expect(page.locator("main :focus")).to_be_visible()
    assert not [url for url in asked if "/api/products?" in url], "what is drawn again takes the focus along"


async def test_arrows_choose_a_suggestion_and_escape_leaves_what_was_typed(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/")
    box = page.get_by_role("combobox", name="Search")
    await box.press_sequentially("lapt")
    options = page.get_by_role("option")
    await expect(options.first).to_be_visible()
    await expect(page.locator("[role=status]").last).to_contain_text("suggestion")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await expect(box).to_have_attribute("aria-activedescendant", "suggestion-1")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("listbox")).to_be_hidden()
    await expect(box).to_have_value("lapt")
    await box.press_sequentially("o")
    await expect(options.first).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/category/Computers/Laptop"))
    await expect(page.get_by_role("heading", level=1)).to_be_focused()


async def test_a_form_says_beside_each_field_what_is_wrong(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/sign-in?to=https://elsewhere.example/")
    await page.get_by_role("button", name="Open an account").click()
    name = page.get_by_label("Name")
    await expect(name).to_be_focused()
    await expect(name).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_text("Please fill out this field").first).to_be_visible()
    await inspected(page, "sign-in-refused")
    await page.get_by_label("E-mail").first.fill("nobody@example.com")
    await page.get_by_label("Password").first.fill("wrong password")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await register(page)
    await expect(page).to_have_url(f"{chrome.origin}/")  # nobody is led to another site


async def test_what_does_not_exist(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/product/prd_01M8BZC3GMAR952FWXSE18S0EZ")
    await expect(page.get_by_role("alert")).to_contain_text("Not found")
    await inspected(page, "not-found")
    await search(page, "qqqqzzzz")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await inspected(page, "nothing-found")
    await page.goto("/orders")
    await expect(page.get_by_role("heading", name="Sign in first")).to_be_visible()


async def test_a_shop_that_is_away_is_tried_again(chrome: Browser) -> None:
    page = await chrome.page()
    await page.route("**/api/products?**", lambda route: route.abort())
    await page.goto("/search?q=cable")
    await expect(page.get_by_role("alert")).to_contain_text("No connection")
    await inspected(page, "no-connection")
    await page.unroute_all()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Results for “cable”")


async def test_what_is_only_passing_is_asked_for_again(chrome: Browser) -> None:
    page = await chrome.page()
    asked = 0

    async def overloaded(route: Any) -> None:
        nonlocal asked
        asked += 1
        await route.fulfill(
            status=503, headers={"Retry-After": "1"}, json={"code": "overloaded", "title": "Overloaded"}
        )

    await page.route("**/api/products?**", overloaded, times=2)
    await page.goto("/search?q=cable")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Results for “cable”")
    assert asked == 2


async def test_tabs_take_turns_at_refreshing(chrome: Browser, seller: Seller) -> None:
    """A refresh token that is used twice ends the session; tabs that wake up together must not."""
    page = await chrome.page()
    await page.goto("/sign-in")
    await register(page)
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    tabs = [page, *[await page.context.new_page() for _ in range(3)]]
    for tab in tabs[1:]:
        await tab.goto("/")
        await expect(tab.get_by_role("button", name="Sign out")).to_be_visible()
    for tab in tabs:
        await tab.evaluate("sessionStorage.removeItem('kontor.access')")
    await asyncio.gather(*(tab.goto("/orders") for tab in tabs))
    for tab in tabs:
        await expect(tab.get_by_text("No orders yet")).to_be_visible()


async def test_a_page_that_is_left_while_it_refreshes_leaves_the_session_alone(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/sign-in")
    await register(page)
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    lost = asyncio.Event()

    async def answer_nobody_hears(route: Any) -> None:
        await route.fetch()
        await route.abort()
        lost.set()

    await page.route("**/api/auth/token", answer_nobody_hears, times=1)
    await page.evaluate("sessionStorage.removeItem('kontor.access')")
    await page.goto("/orders")
    await lost.wait()
    await page.goto("/orders")
    await expect(page.get_by_text("No orders yet")).to_be_visible()


async def test_signing_out_is_noticed_everywhere(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/sign-in")
    await register(page)
    other = await page.context.new_page()
    await other.goto("/")
    await page.get_by_role("button", name="Sign out").click()
    await expect(other.get_by_role("link", name="Sign in")).to_be_visible()
    assert await other.evaluate("[sessionStorage.length, localStorage.getItem('kontor.signed-in')]") in (
        [0, None],
        [1, None],
    )
