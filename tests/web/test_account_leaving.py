"""Deleting one's account: what it says before, what may stand against it, and what is left of it in the browser."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.e2e.shopper import PASSWORD, Shopper, sign_up
from tests.web.accountpage import account, part, pictured
from tests.web.browser import PHONE, Browser
from tests.web.people import buyer, signed_in

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
ON_ITS_WAY = "Something is still on its way to you"


async def unfold(page: Any) -> Any:
    leaving = part(page, "Leaving")
    await leaving.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(leaving.get_by_text("nobody can bring them back")).to_be_visible()
    return leaving


async def confirm(leaving: Any, email: str) -> None:
    await leaving.get_by_label("Type your e-mail address").fill(email)
    await leaving.get_by_role("button", name="Delete for good").click()


async def exists(http: httpx.AsyncClient, who: Shopper) -> bool:
    form = {"grant_type": "password", "username": who.email, "password": PASSWORD}
    return (await http.post("/api/auth/token", data=form)).status_code == 200


async def test_it_is_deleted_and_nothing_of_it_stays_here(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await buyer(http)
    page = await account(chrome, shopper)
    other = await page.context.new_page()
    await other.goto("/account")
    leaving = await unfold(page)
    await expect(leaving.get_by_text(ON_ITS_WAY)).to_have_count(0)
    await expect(leaving.get_by_text("shop")).to_have_count(0)
    await pictured(page, "account-leaving")
    await confirm(leaving, shopper.email.upper())
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account is deleted")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await pictured(page, "account-deleted")
    await expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()
    await expect(other.get_by_role("heading", name="Sign in first")).to_be_visible()
    kept = "[...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter((one) => one.startsWith('kontor.'))"
    assert await page.evaluate(kept) == []
    assert not await exists(http, shopper)
    await page.reload()
    await expect(page.get_by_role("heading", name="Sign in first")).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name="Sign in").click()
    await expect(page.get_by_role("heading", name="New here?")).to_be_visible()


async def test_nothing_is_deleted_without_the_address_being_typed(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    leaving = await unfold(page)
    field = leaving.get_by_label("Type your e-mail address")
    for wrong, why in (("", "fill out this field"), ("ada@example.com", f"This is not {shopper.email}")):
        await confirm(leaving, wrong)
        await expect(field).to_be_focused()
        await expect(leaving.locator(".note")).to_contain_text(why)
    await leaving.get_by_role("button", name="Keep my account").click()
    await expect(field).to_be_hidden()
    await expect(leaving.locator("summary")).to_be_focused()
    assert await exists(http, shopper)


async def test_what_is_on_its_way_is_named_before(chrome: Browser, http: httpx.AsyncClient, seller: Seller) -> None:
    shopper = await buyer(http, await seller.sells())
    await shopper.buy()
    page = await account(chrome, shopper, PHONE, dark=True)
    leaving = await unfold(page)
    await expect(leaving.get_by_text(ON_ITS_WAY)).to_be_visible()
    await pictured(page, "account-leaving-phone")
    await leaving.get_by_role("link", name="Look at your orders first").click()
    await expect(page).to_have_url(f"{chrome.origin}/orders")


async def test_a_seller_is_told_what_has_to_be_settled_first(chrome: Browser, seller: Seller) -> None:
    await seller.sells()
    page = await chrome.page()
    await signed_in(page, seller.shopper, "/account")
    leaving = await unfold(page)
    await expect(leaving.get_by_text("has to withdraw what it offers")).to_be_visible()
    await confirm(leaving, seller.shopper.email)
    alert = leaving.get_by_role("alert")
    await expect(alert).to_contain_text("Your account cannot be deleted yet")
    shop = await seller.shopper.read(f"/api/shops/{seller.shop_id}")
    await expect(alert).to_contain_text(f"Your shop “{shop['name']}” still offers one SKU")
    await expect(alert).not_to_contain_text("shp_")
    await pictured(page, "account-refused")
    await page.reload()
    await expect(part(page, "You")).to_contain_text(seller.shopper.email)


async def test_pressed_twice_it_is_asked_once(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    asked = 0

    async def count(route: Any) -> None:
        nonlocal asked
        asked += route.request.method == "DELETE"
        await route.continue_()

    await page.route("**/api/me", count)
    leaving = await unfold(page)
    await leaving.get_by_label("Type your e-mail address").fill(shopper.email)
    await leaving.get_by_role("button", name="Delete for good").dblclick()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account is deleted")
    assert asked == 1


async def test_an_answer_that_is_lost_is_not_taken_for_a_session_that_ended(
    chrome: Browser, http: httpx.AsyncClient
) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)

    async def lose(route: Any) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/api/me", lose, times=1)
    leaving = await unfold(page)
    await confirm(leaving, shopper.email)
    await expect(leaving.get_by_role("alert").first).to_contain_text("No connection")
    await leaving.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    await expect(page.get_by_text("Your account may be deleted already")).to_be_visible()
    assert not await exists(http, shopper)
