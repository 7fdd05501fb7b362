"""A forgotten password: asking for a link, and the page to which it leads. That letters come is shown in tests/e2e/."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from commands import linktokens
from commands.engine import now_ms
from commands.vault import Vault
from domain.ids import claim_id
from kontor.folder import DataFolder
from tests.e2e.shopper import PASSWORD, Shopper, sign_up
from tests.web.browser import PHONE, Browser, inspected
from tests.web.people import signed_in

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
NEW = "another horse battery"
VOID = re.compile("This link does not work any more")


def _token(data: Path, who: Shopper) -> str:
    vault = Vault(DataFolder(data).vault)
    try:
        claim = claim_id("email", vault.email_lookup(who.email))
        token = vault.link_token(linktokens.PASSWORD, who.user_id, claim, now_ms())
    finally:
        vault.close()
    assert token is not None
    return token


async def token_of(data: Path, who: Shopper) -> str:
    """What a letter's link would bring."""
    return await asyncio.to_thread(_token, data, who)


async def can_sign_in(http: httpx.AsyncClient, who: Shopper, password: str) -> bool:
    form = {"grant_type": "password", "username": who.email, "password": password}
    return (await http.post("/api/auth/token", data=form)).status_code == 200


async def test_asking_begins_where_one_signs_in_and_says_the_same_of_everybody(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/sign-in")
    await page.get_by_role("link", name="Forgotten your password?").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Forgotten your password?")
    await inspected(page, "forgotten")
    asked: list[Any] = []

    async def taken(route: Any) -> None:
        asked.append(route.request.post_data_json)
        await route.fulfill(status=202, json={"position": "1"})

    await page.route("**/api/auth/password-resets", taken)
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_label("E-mail")).to_be_focused()
    await page.get_by_label("E-mail").fill("nobody@example.com")
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await expect(page.get_by_role("main")).to_contain_text("If an account has this address")
    assert asked == [{"email": "nobody@example.com"}]
    await inspected(page, "forgotten-asked")
    await page.get_by_role("link", name="Back to signing in").click()
    await expect(page).to_have_url(f"{chrome.origin}/sign-in")


async def test_a_shop_without_letters_says_so(chrome: Browser) -> None:
    """As the demo is, unless it is given a mail server."""
    page = await chrome.page(PHONE, dark=True)
    await page.goto("/forgotten-password")
    await page.get_by_label("E-mail").fill("nobody@example.com")
    await page.get_by_role("button", name="Send me a link").click()
    alert = page.get_by_role("alert")
    await expect(alert.locator("strong")).to_have_text("This shop sends no links by mail")
    await expect(alert).not_to_contain_text("Reload")
    await inspected(page, "forgotten-no-letters")


async def test_the_link_leads_to_a_new_password_and_back_in(
    chrome: Browser, http: httpx.AsyncClient, data: Path
) -> None:
    shopper = await sign_up(http)
    page = await chrome.page()
    await page.goto(f"/new-password#{await token_of(data, shopper)}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Set a new password")
    await expect(page).to_have_url(f"{chrome.origin}/new-password")
    await inspected(page, "new-password")
    password = page.get_by_label("New password")
    await password.fill(shopper.email.upper())
    await page.get_by_role("button", name="Set this password").click()
    await expect(password).to_be_focused()
    await expect(password).to_have_attribute("aria-invalid", "true")
    await password.fill(NEW)
    await page.get_by_role("button", name="Set this password").click()
    await expect(page.get_by_role("heading", name="Your new password is set")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await inspected(page, "new-password-set")
    assert not await can_sign_in(http, shopper, PASSWORD)
    await page.get_by_role("main").get_by_role("link", name="Sign in").click()
    panel = page.locator("section", has=page.get_by_role("heading", name="Sign in"))
    await panel.get_by_label("E-mail").fill(shopper.email)
    await panel.get_by_label("Password").fill(NEW)
    await panel.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


async def test_whoever_is_signed_in_in_this_browser_is_so_no_more(
    chrome: Browser, http: httpx.AsyncClient, data: Path
) -> None:
    shopper = await sign_up(http)
    page = await chrome.page()
    await signed_in(page, shopper, "/account")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    await page.goto(f"/new-password#{await token_of(data, shopper)}")
    await page.get_by_label("New password").fill(NEW)
    await page.get_by_role("button", name="Set this password").click()
    await expect(page.get_by_role("heading", name="Your new password is set")).to_be_visible()
    await expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()


async def test_a_link_that_was_used_says_so_and_a_new_one_works_in_the_same_page(
    chrome: Browser, http: httpx.AsyncClient, data: Path
) -> None:
    shopper = await sign_up(http)
    used = await token_of(data, shopper)
    body = {"token": used, "newPassword": PASSWORD}
    assert (await http.post("/api/auth/password-resets/complete", json=body)).status_code == 204
    page = await chrome.page(PHONE)
    await page.goto(f"/new-password#{used}")
    await page.get_by_label("New password").fill(NEW)
    await page.get_by_role("button", name="Set this password").click()
    await expect(page.get_by_role("alert").locator("strong")).to_have_text(VOID)
    await inspected(page, "new-password-void")
    await page.evaluate("token => { location.hash = token }", await token_of(data, shopper))
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.get_by_label("New password").fill(NEW)
    await page.get_by_role("button", name="Set this password").click()
    await expect(page.get_by_role("heading", name="Your new password is set")).to_be_visible()
    assert await can_sign_in(http, shopper, NEW)


async def test_an_address_that_is_not_whole_says_what_to_do(chrome: Browser) -> None:
    page = await chrome.page(PHONE)
    await page.goto("/new-password")
    await expect(page.get_by_role("heading", name="This address is not whole")).to_be_visible()
    await inspected(page, "new-password-not-whole")
    await page.get_by_role("link", name="Have a link sent").click()
    await expect(page).to_have_url(f"{chrome.origin}/forgotten-password")


async def test_an_answer_that_is_lost_is_told_with_the_next_one(
    chrome: Browser, http: httpx.AsyncClient, data: Path
) -> None:
    shopper = await sign_up(http)
    page = await chrome.page()
    await page.goto(f"/new-password#{await token_of(data, shopper)}")

    async def lose(route: Any) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/api/auth/password-resets/complete", lose, times=1)
    await page.get_by_label("New password").fill(NEW)
    await page.get_by_role("button", name="Set this password").click()
    await expect(page.get_by_role("alert")).to_contain_text("No connection")
    await page.get_by_role("button", name="Set this password").click()
    await expect(page.get_by_role("alert")).to_contain_text("may hold already")
    assert await can_sign_in(http, shopper, NEW)
