"""Where signing in leads: to a page of this site and nowhere else, whatever the address says."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.browser import Browser
from tests.web.people import customer

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
ELSEWHERE = (
    "https://elsewhere.example/x",
    "//elsewhere.example/x",
    "/\\elsewhere.example/x",
    "/%09/elsewhere.example/x",
    "/%0A/elsewhere.example/x",
    "/%0D%09/elsewhere.example/x",
    "/%09\\elsewhere.example/x",
    "%20//elsewhere.example/x",
    "/.//elsewhere.example/x",
    "/%2E%2E//elsewhere.example/x",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://[",
)
"""Tabs and ends of lines are no part of an address: browsers leave them out before they look where it leads."""


async def test_nobody_is_led_to_another_site(chrome: Browser) -> None:
    page = await customer(chrome)
    for to in ELSEWHERE:
        await page.goto(f"/sign-in?to={to}")
        await expect(page, to).to_have_url(f"{chrome.origin}/")


async def test_an_address_with_a_query_is_led_to(chrome: Browser) -> None:
    page = await customer(chrome)
    await page.goto("/sign-in?to=%2Fsearch%3Fq%3Dbed%26brand%3DA%2520B")
    await expect(page).to_have_url(f"{chrome.origin}/search?q=bed&brand=A%20B")
