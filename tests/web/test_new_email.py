"""Another e-mail address: asked for on one's own page, confirmed where the letter's link leads."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from commands.engine import now_ms
from commands.linktokens import EMAIL
from commands.vault import Vault
from domain.ids import claim_id
from kontor.folder import DataFolder
from tests.e2e.shopper import PASSWORD, Shopper, sign_up
from tests.web.accountpage import account, part
from tests.web.browser import PHONE, Browser, inspected

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
NEW = "ada.king@example.org"


def _token(data: Path, who: Shopper, email: str) -> str:
    vault = Vault(DataFolder(data).vault)
    try:
        token = vault.link_token(EMAIL, who.user_id, claim_id("email", vault.email_lookup(email)), now_ms())
    finally:
        vault.close()
    assert token is not None
    return token


async def test_it_is_asked_for_on_ones_own_page(chrome: Browser, http: httpx.AsyncClient) -> None:
    page = await account(chrome, await sign_up(http))
    await page.get_by_text("Change your e-mail address").first.click()
    you = part(page, "You")
    await you.get_by_label("New e-mail address").fill(NEW)
    await you.get_by_label("Password", exact=True).fill(PASSWORD)
    await inspected(page, "account-email")
    await you.get_by_role("button", name="Change your e-mail address").click()
    await expect(you.get_by_role("alert").locator("strong")).to_have_text("This shop sends no links by mail")
    asked: list[Any] = []

    async def taken(route: Any) -> None:
        asked.append(route.request.post_data_json)
        await route.fulfill(status=202, json={"position": "1"})

    await page.route("**/api/me/email-changes", taken)
    await you.get_by_role("button", name="Change your e-mail address").click()
    await expect(you).to_contain_text("Look into your mail")
    await expect(you).to_contain_text(NEW)
    assert asked == [{"email": NEW, "currentPassword": PASSWORD}]
    await inspected(page, "account-email-asked")


async def test_the_link_waits_for_a_press_and_says_what_became_of_it(
    chrome: Browser, http: httpx.AsyncClient, data: Path
) -> None:
    shopper = await sign_up(http)
    page = await chrome.page(PHONE, dark=True)
    await page.goto("/new-email")
    await expect(page.get_by_role("heading", name="This address is not whole")).to_be_visible()
    token = await asyncio.to_thread(_token, data, shopper, shopper.email)
    await page.goto(f"/new-email#{token}x")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your new e-mail address")
    await expect(page).to_have_url(f"{chrome.origin}/new-email")
    await inspected(page, "new-email")
    await page.get_by_role("button", name="Confirm this address").click()
    await expect(page.get_by_role("alert")).to_contain_text("does not work any more")
    # Of an address that the account has already: what a link does that is opened again.
    await page.evaluate("token => { location.hash = token }", token)
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.get_by_role("button", name="Confirm this address").click()
    await expect(page.get_by_role("heading", name="Your new e-mail address is confirmed")).to_be_visible()
    await inspected(page, "new-email-confirmed")
