"""An address that is not confirmed yet: told on one's own page, and confirmed where the letter's link leads."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from commands.engine import now_ms
from commands.linktokens import CONFIRMATION
from commands.vault import Vault
from domain.ids import claim_id
from kontor.folder import DataFolder
from tests.e2e.shopper import Shopper, sign_up
from tests.web.accountpage import account, announcement, part
from tests.web.browser import PHONE, Browser, inspected
from tests.web.people import signed_in

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
SAID = "Not confirmed yet"


def _token(data: Path, who: Shopper) -> str:
    vault = Vault(DataFolder(data).vault)
    try:
        claim = claim_id("email", vault.email_lookup(who.email))
        token = vault.link_token(CONFIRMATION, who.user_id, claim, now_ms())
    finally:
        vault.close()
    assert token is not None
    return token


async def test_the_page_says_so_where_a_letter_was_sent_and_has_it_sent_again(
    chrome: Browser, http: httpx.AsyncClient
) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    await expect(part(page, "You")).not_to_contain_text(SAID)  # this shop sends no letters
    page = await chrome.page()

    async def waiting(route: Any) -> None:
        answer = await route.fetch()
        body = {**await answer.json(), "confirmationAskedAt": "2026-11-27T09:00:00.000Z"}
        await route.fulfill(response=answer, json=body)

    async def taken(route: Any) -> None:
        await route.fulfill(status=202, json={"position": "1"})

    await page.route("**/api/me", waiting)
    await signed_in(page, shopper, "/account")
    you, again = part(page, "You"), page.get_by_role("button", name="Send the letter again")
    await expect(you).to_contain_text(SAID)
    await again.click()
    await expect(you).to_contain_text("sends no links by mail")
    await page.route("**/api/me/email-confirmations", taken)
    await again.press("Enter")
    await expect(you).to_contain_text("Its link works for three days")
    await expect(announcement(page)).to_have_text("Look into your mail")
    await inspected(page, "account-unconfirmed")


async def test_the_link_waits_for_a_press_and_needs_no_session(
    chrome: Browser, http: httpx.AsyncClient, data: Path
) -> None:
    shopper = await sign_up(http)
    page = await chrome.page(PHONE, dark=True)
    await page.goto("/confirm-email")
    await expect(page.get_by_role("heading", name="This address is not whole")).to_be_visible()
    token = await asyncio.to_thread(_token, data, shopper)
    await page.goto(f"/confirm-email#{token}x")
    await expect(page).to_have_url(f"{chrome.origin}/confirm-email")
    await inspected(page, "confirm-email")
    await page.get_by_role("button", name="Confirm this address").click()
    await expect(page.get_by_role("alert")).to_contain_text("does not work any more")
    assert not (await shopper.read("/api/me"))["emailConfirmed"]
    await page.evaluate("token => { location.hash = token }", token)
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.get_by_role("button", name="Confirm this address").click()
    await expect(page.get_by_role("heading", name="Your e-mail address is confirmed")).to_be_visible()
    assert (await shopper.read("/api/me"))["emailConfirmed"]
