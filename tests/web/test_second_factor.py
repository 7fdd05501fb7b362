"""A second factor: set up on one's account's page, asked for where one signs in, and removed."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from playwright.async_api import expect

from tests.e2e.house import kontor
from tests.e2e.shopper import PASSWORD, Shopper, sign_up
from tests.web.accountpage import account, announcement, part
from tests.web.browser import PHONE, Browser, inspected

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
PANEL = "Second factor"


def next_code(secret: str) -> str:
    """Of the half minute to come, which is good already: the present one may have been used."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30)


async def enrolled(who: Shopper) -> str:
    """The secret of a second factor that was set up elsewhere."""
    begun = await who.do("POST", "/api/me/second-factor", {"currentPassword": PASSWORD}, 201)
    await who.do("POST", "/api/me/second-factor/confirm", {"code": pyotp.TOTP(begun["secret"]).now()})
    return str(begun["secret"])


async def enter(page: Any, email: str) -> None:
    await page.get_by_label("E-mail").first.fill(email)
    await page.get_by_label("Password").first.fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def test_it_is_set_up_and_removed_with_the_keyboard_alone(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    panel = part(page, PANEL)
    await panel.locator("summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("wrong password")
    await page.keyboard.press("Enter")
    await expect(panel.get_by_label("Password")).to_be_focused()
    await expect(panel.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    await panel.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(panel.get_by_role("heading")).to_be_focused()
    await expect(panel.get_by_role("img", name="QR code")).to_be_visible()
    secret = (await panel.locator("code").inner_text()).replace(" ", "")
    href = await panel.get_by_role("link", name="Open it in an app").get_attribute("href")
    assert pyotp.parse_uri(href).secret == secret
    await inspected(page, "second-factor", full=True)
    for typed, ends in (("000000", False), (pyotp.TOTP(secret).now(), True)):
        await panel.get_by_role("textbox", name="Code").fill(typed)
        await page.keyboard.press("Enter")
        if not ends:
            await expect(panel.get_by_role("textbox", name="Code")).to_have_attribute("aria-invalid", "true")
            await expect(panel.get_by_role("textbox", name="Code")).to_be_focused()
    await expect(panel.get_by_role("heading")).to_be_focused()
    codes = panel.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    await expect(codes).to_have_count(10)
    recovery = await codes.first.inner_text()
    await inspected(page, "second-factor-recovery", full=True)
    await panel.get_by_role("button", name="I have kept them").press("Enter")
    await expect(panel).to_contain_text("You have 10 recovery codes left")
    await expect(panel.get_by_role("heading")).to_be_focused()
    await panel.get_by_text("Remove the second factor").press("Enter")
    await panel.get_by_label("Password").fill(PASSWORD)
    await panel.get_by_role("textbox", name="Code").last.fill(recovery)
    await page.keyboard.press("Enter")
    await expect(panel.locator("summary")).to_have_text(["Set up a second factor"])
    await expect(announcement(page)).to_have_text("The second factor is removed")


async def test_signing_in_asks_for_a_code_when_it_is_needed(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    secret = await enrolled(shopper)
    page = await chrome.page(PHONE, dark=True)
    await page.goto("/sign-in?to=/account")
    await expect(page.get_by_label("Code")).to_have_count(0)
    await enter(page, shopper.email)
    await expect(page.get_by_label("Code")).to_be_focused()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await inspected(page, "sign-in-code", full=True)
    await page.keyboard.type("000000")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("alert")).to_contain_text("code")
    await page.get_by_label("Code").fill(next_code(secret))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    await expect(part(page, PANEL)).to_contain_text("10 recovery codes left")
    await inspected(page, "second-factor-on-phone", full=True)


async def test_who_has_few_recovery_codes_left_is_told_so(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    begun = await shopper.do("POST", "/api/me/second-factor", {"currentPassword": PASSWORD}, 201)
    first = {"code": pyotp.TOTP(begun["secret"]).now()}
    codes = (await shopper.do("POST", "/api/me/second-factor/confirm", first))["recoveryCodes"]
    form = {"grant_type": "password", "username": shopper.email, "password": PASSWORD}
    for code in codes[:8]:
        assert (await http.post("/api/auth/token", data={**form, "otp": code})).status_code == 200
    page = await chrome.page()
    await page.goto("/sign-in?to=/account")
    await enter(page, shopper.email)
    await page.get_by_label("Code").fill(codes[8])
    await page.keyboard.press("Enter")
    await expect(part(page, PANEL)).to_contain_text("You have 1 recovery code left")
    await expect(part(page, PANEL)).to_contain_text("Few recovery codes are left")


async def test_other_recovery_codes_are_drawn_with_what_the_app_shows(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    begun = await shopper.do("POST", "/api/me/second-factor", {"currentPassword": PASSWORD}, 201)
    secret = begun["secret"]
    confirmed = await shopper.do("POST", "/api/me/second-factor/confirm", {"code": pyotp.TOTP(secret).now()})
    page = await chrome.page()
    await page.goto("/sign-in?to=/account")
    await enter(page, shopper.email)
    await page.get_by_label("Code").fill(confirmed["recoveryCodes"][0])
    await page.keyboard.press("Enter")
    panel = part(page, PANEL)
    await expect(panel).to_contain_text("You have 9 recovery codes left")
    await panel.get_by_text("Have other recovery codes").press("Enter")
    box = panel.get_by_role("textbox", name="Code").first
    await box.fill("000000")
    await page.keyboard.press("Enter")
    await expect(box).to_have_attribute("aria-invalid", "true")
    await box.fill(next_code(secret))
    await page.keyboard.press("Enter")
    await expect(panel.get_by_role("list", name="Recovery codes").get_by_role("listitem")).to_have_count(10)
    await expect(announcement(page)).to_have_text("You have other recovery codes")
    await inspected(page, "second-factor-other-codes", full=True)
    await panel.get_by_role("button", name="I have kept them").press("Enter")
    await expect(panel).to_contain_text("You have 10 recovery codes left")


async def test_the_console_asks_for_one_too(chrome: Browser, http: httpx.AsyncClient, data: Path) -> None:
    email = "second.factor@kontor.example"
    made = kontor("user", "create", "--email", email, "--password", PASSWORD, "--scope", "admin", data=data)
    assert made.returncode == 0, made.stderr
    admin = Shopper(http, email=email)
    await admin.sign_in()
    secret = await enrolled(admin)
    page = await chrome.page()
    await page.goto("/console")
    await enter(page, email)
    await expect(page.get_by_label("Code")).to_be_focused()
    await inspected(page, "console-sign-in-code")
    await page.keyboard.type(next_code(secret))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("navigation", name="Console")).to_be_visible()
    await expect(page).to_have_url(re.compile("/console$"))
