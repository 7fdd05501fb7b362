"""The page of somebody's account, opened by a browser, and its parts."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from tests.e2e.shopper import Shopper
from tests.web.browser import Browser, inspected
from tests.web.people import signed_in


async def account(chrome: Browser, who: Shopper, size: dict[str, int] | None = None, dark: bool = False) -> Any:
    page = await chrome.page(size, dark)
    await signed_in(page, who, "/account")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    await expect(page.get_by_role("heading", name="Payment methods")).to_be_visible()
    return page


async def pictured(page: Any, name: str) -> None:
    """All of it, with the head on top."""
    await page.evaluate("scrollTo(0, 0)")
    await inspected(page, name, full=True)


def part(page: Any, heading: str) -> Any:
    return page.locator("section", has=page.get_by_role("heading", level=2, name=heading, exact=True))


def announcement(page: Any) -> Any:
    """What screen readers heard last."""
    return page.locator("[role=status]").last
