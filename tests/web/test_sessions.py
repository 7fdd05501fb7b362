"""Where somebody is signed in, on their account's page: what is shown, and each way out."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.shopper import Shopper, sign_up
from tests.web.accountpage import account, announcement, part
from tests.web.browser import PHONE, Browser, inspected

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
PANEL = "Where you are signed in"


def entries(page: Any) -> Any:
    return page.get_by_role("list", name=PANEL).get_by_role("listitem")


async def elsewhere(who: Shopper, http: httpx.AsyncClient) -> Shopper:
    """Signed in once more."""
    other = Shopper(http, email=who.email)
    await other.sign_in()
    return other


async def test_each_is_shown_and_signed_out(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    await expect(entries(page)).to_have_count(2)
    await expect(entries(page).first).to_contain_text("This browser")
    await expect(entries(page).first.get_by_role("button")).to_have_count(0)
    await inspected(page, "sessions", full=True)
    await entries(page).last.get_by_role("button", name="Sign out").click()
    await expect(entries(page)).to_have_count(1)
    await expect(part(page, PANEL).get_by_role("heading")).to_be_focused()
    await expect(announcement(page)).to_have_text("It is signed out")
    assert (await shopper.send("GET", "/api/me")).status_code == 401
    await page.reload()
    await expect(entries(page)).to_have_count(1)
    await expect(part(page, PANEL).get_by_role("button")).to_have_count(0)


async def test_all_others_at_once_on_a_phone(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    others = [await elsewhere(shopper, http) for _ in range(7)]
    page = await account(chrome, shopper, PHONE, dark=True)
    await expect(entries(page)).to_have_count(6)
    await part(page, PANEL).get_by_role("button", name="Show 3 more").click()
    await expect(entries(page)).to_have_count(9)
    await expect(entries(page).nth(6).get_by_role("button")).to_be_focused()
    await inspected(page, "sessions-phone", full=True)
    await part(page, PANEL).get_by_role("button", name="Sign out everywhere else").click()
    await expect(entries(page)).to_have_count(1)
    for other in others:
        assert (await other.send("GET", "/api/me")).status_code == 401
    await expect(page.get_by_role("button", name="Sign out").first).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_one_that_is_gone_already_is_taken_off(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    await shopper.do("POST", "/api/auth/logout", None, 204)
    await entries(page).last.get_by_role("button", name="Sign out").click()
    await expect(entries(page)).to_have_count(1)
    await expect(page.get_by_role("alert")).to_have_count(0)
