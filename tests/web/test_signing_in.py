"""Signing in: what is said of a wrong password, where it leads, and what other tabs and small heads show of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.web.browser import Browser, require_accessible, require_fitting
from tests.web.operators import operator, sign_in
from tests.web.people import customer

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
SMALL = {"width": 360, "height": 740}
WRONG = "The e-mail address or password is wrong"


@pytest.mark.parametrize("path", ["/sign-in", "/console"])
async def test_a_wrong_password_is_called_that(chrome: Browser, path: str) -> None:
    page = await chrome.page()
    await page.goto(path)
    await page.get_by_label("E-mail").first.fill("nobody@example.com")
    await page.get_by_label("Password").first.fill("wrong password")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    alert = page.get_by_role("alert")
    await expect(alert.locator("strong")).to_have_text(WRONG)
    await expect(alert).not_to_contain_text("Sign in first")
    await expect(alert.get_by_role("link")).to_have_count(0)
    button = await page.get_by_role("button", name="Sign in", exact=True).bounding_box()
    box = await alert.bounding_box()
    assert box["y"] - button["y"] - button["height"] >= 8


async def test_whoever_is_signed_in_already_goes_onward(chrome: Browser) -> None:
    page = await customer(chrome)
    await page.goto("/sign-in?to=/orders")
    await expect(page.get_by_text("No orders yet")).to_be_visible()
    await expect(page).to_have_url(f"{chrome.origin}/orders")
    await page.goto("/sign-in")
    await expect(page).to_have_url(f"{chrome.origin}/")


async def test_signing_in_leads_back_to_the_console(chrome: Browser) -> None:
    """The shop has no such page, and leaves it to the server."""
    page = await chrome.page()
    await page.goto("/sign-in?to=/console/orders")
    panel = page.locator("section", has=page.get_by_role("heading", level=1, name="Sign in"))
    await sign_in(panel, "admin@kontor.example")
    await expect(page.get_by_role("navigation", name="Console")).to_be_visible()
    await expect(page).to_have_url(f"{chrome.origin}/console/orders")


async def test_a_console_whose_session_ends_shows_its_own_form(chrome: Browser) -> None:
    page = await operator(chrome, "/console/orders")
    refused = {"status": 401, "code": "unauthenticated", "title": "Sign in first", "detail": "planted"}

    async def unknown(route: Any) -> None:
        await route.fulfill(status=401, json=refused)

    for refusing in ("**/api/admin/shops", "**/api/auth/token"):  # what the panel still asks for is answered
        await page.route(refusing, unknown)
    await page.get_by_role("link", name="Stock").click()
    await expect(page.get_by_role("heading", name="Sign in to the console")).to_be_visible()
    await expect(page.get_by_role("navigation", name="Console")).to_be_hidden()
    await page.unroute_all()
    await sign_in(page, "admin@kontor.example")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Stock")


async def test_whoever_forgot_a_password_gets_from_the_console_to_the_page_that_helps(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/console")
    await page.get_by_role("link", name="Forgotten your password?").click()
    await expect(page).to_have_url(f"{chrome.origin}/forgotten-password")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Forgotten your password?")
    await expect(page.get_by_role("button", name="Send me a link")).to_be_visible()


async def test_other_tabs_notice_who_signs_in(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/sign-in")
    other, console = [await page.context.new_page() for _ in range(2)]
    await other.goto("/")
    await expect(other.get_by_role("link", name="Sign in")).to_be_visible()
    await console.goto("/console")
    await expect(console.get_by_role("heading", name="Sign in to the console")).to_be_visible()
    panel = page.locator("section", has=page.get_by_role("heading", level=1, name="Sign in"))
    await sign_in(panel, "admin@kontor.example")
    await expect(other.get_by_role("button", name="Sign out")).to_be_visible()
    await expect(console.get_by_role("navigation", name="Console")).to_be_visible()


async def test_the_head_of_a_small_phone_takes_no_more_rows_when_signed_in(chrome: Browser) -> None:
    page = await customer(chrome, SMALL)
    await page.goto("/search?q=cable")
    await expect(page.locator(".card").first).to_be_visible()
    tools = page.get_by_role("navigation", name="Account and cart")
    await page.locator(".count").evaluate("one => { one.hidden = false; one.textContent = '99+'; }")
    tops = await tools.locator("a, button").evaluate_all("all => all.map((one) => one.getBoundingClientRect().top)")
    name = await page.get_by_role("banner").get_by_role("link").first.bounding_box()
    assert len(tops) == 5
    assert max(tops) < name["y"] + name["height"], "beside the name, and the search below both"
    whole = await page.locator(".name > span").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert whole, "the name of the shop"
    for called in ("Account", "Orders", "Wishlist", "Cart"):
        await expect(tools.get_by_role("link", name=re.compile(called))).to_be_visible()
    await expect(tools.get_by_role("button", name="Sign out")).to_be_visible()
    await require_fitting(page)
    await require_accessible(page)
