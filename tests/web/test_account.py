"""Somebody's own page: name and password, addresses, cards, letters; and what comes in between."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.shopper import HOME, PASSWORD, sign_up
from tests.web.accountpage import account, announcement, part, pictured
from tests.web.browser import PHONE, PICTURES, Browser, require_fitting
from tests.web.people import administrator, buyer
from tests.web.walking import give_address

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
ODD = {
    "name": "<b onclick=alert(1)>نورا الأمين</b>",
    "line1": "شارع الملك فهد 12",
    "city": "<script>alert(1)</script>",
    "country": "AE",
    "region": "دبي",
}


def addresses(page: Any) -> Any:
    return page.get_by_role("list", name="Addresses").get_by_role("listitem")


def cards(page: Any) -> Any:
    return page.get_by_role("list", name="Payment methods").get_by_role("listitem")


async def test_the_page_shows_what_is_kept_of_whoever_is_signed_in(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await buyer(http)
    page = await account(chrome, shopper)
    await expect(part(page, "You")).to_contain_text(shopper.email)
    await expect(addresses(page)).to_have_count(1)
    await expect(addresses(page)).to_contain_text(HOME["line1"])
    await expect(cards(page)).to_contain_text("Test card that works")
    main = page.get_by_role("main")
    for name, path in (("Your orders", "/orders"), ("Your wishlist", "/wishlist")):
        await expect(main.get_by_role("link", name=name)).to_have_attribute("href", path)
    await expect(main.get_by_role("link", name="Console")).to_have_count(0)
    await pictured(page, "account")
    await page.goto("/")
    await page.get_by_role("banner").get_by_role("link", name="Account").click()
    await expect(page).to_have_url(f"{chrome.origin}/account")


async def test_operators_find_the_console_there(chrome: Browser, http: httpx.AsyncClient) -> None:
    await administrator(http)
    page = await chrome.page()
    await page.goto("/sign-in?to=/account")
    await page.get_by_label("E-mail").first.fill("admin@kontor.example")
    await page.get_by_label("Password").first.fill("kontor-demo")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("main").get_by_role("link", name="Console").click()
    await expect(page.get_by_role("navigation", name="Console")).to_be_visible()


async def test_one_who_has_nothing_yet_begins_here_on_a_phone(chrome: Browser, http: httpx.AsyncClient) -> None:
    page = await account(chrome, await sign_up(http), PHONE, dark=True)
    await pictured(page, "account-empty-phone")
    await page.get_by_role("button", name="Add an address").click()
    await expect(page.get_by_label("Name", exact=True).last).to_be_focused()
    await pictured(page, "account-address-phone")
    await give_address(part(page, "Addresses"))
    await expect(announcement(page)).to_have_text("The address is kept")
    await expect(page.get_by_role("button", name="Another address")).to_be_focused()
    await page.get_by_role("button", name="Add a card").click()
    await expect(page.get_by_role("radio").first).to_be_focused()
    await page.get_by_role("button", name="Keep this card").click()
    await expect(cards(page)).to_have_count(1)
    await expect(page.get_by_role("button", name="Another card")).to_be_focused()
    await pictured(page, "account-phone")
    await page.reload()
    await expect(addresses(page)).to_have_count(1)
    await expect(cards(page)).to_have_count(1)


async def test_an_address_changes_and_goes(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await buyer(http)
    await shopper.do("POST", "/api/me/addresses", {**HOME, "line1": "1 New Road", "line2": "Flat 3"}, 201)
    page = await account(chrome, shopper)
    await expect(addresses(page).first).to_contain_text("1 New Road")
    await expect(addresses(page).first.get_by_text("Taken first")).to_be_visible()
    await expect(addresses(page).last.get_by_text("Taken first")).to_be_hidden()
    await page.get_by_role("button", name="Change Ada Example, 1 New Road").click()
    first = addresses(page).first
    await expect(first.get_by_label("Flat, floor")).to_have_value("Flat 3")
    await expect(first.get_by_label("State or region")).to_have_value("NY")
    await pictured(page, "account-address")
    await first.get_by_label("Postal code").fill("123")
    await first.get_by_role("button", name="Keep this address").click()
    await expect(first.get_by_label("Postal code")).to_be_focused()
    await expect(first.get_by_role("alert")).to_be_visible()
    await first.get_by_label("Country").select_option("HK")
    for label, text in (("Flat, floor", ""), ("City", ""), ("State or region", "Kowloon"), ("Postal code", "")):
        await first.get_by_label(label).fill(text)
    await first.get_by_role("button", name="Keep this address").click()
    await expect(announcement(page)).to_have_text("The address is changed")
    await expect(page.get_by_role("button", name="Change Ada Example, 1 New Road")).to_be_focused()
    await page.reload()
    await expect(addresses(page).first.locator("address span")).to_have_text(
        ["Ada Example", "1 New Road", "Kowloon", "Hong Kong"]
    )
    await page.get_by_role("button", name="Delete Ada Example, 1 New Road").click()
    await expect(addresses(page)).to_have_count(1)
    await expect(page.get_by_role("button", name="Another address")).to_be_focused()
    await expect(addresses(page).get_by_text("Taken first")).to_be_hidden()
    assert [one["line1"] for one in (await shopper.read("/api/me"))["addresses"]] == [HOME["line1"]]


async def test_what_is_gone_already_is_taken_off(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await buyer(http)
    page = await account(chrome, shopper)
    await shopper.do("DELETE", f"/api/me/addresses/{shopper.address_id}", None, 204)
    await page.get_by_role("button", name="Delete Ada Example").click()
    await expect(addresses(page)).to_have_count(0)
    await shopper.do("DELETE", f"/api/me/payment-methods/{shopper.method_id}", None, 204)
    await page.get_by_role("button", name="Remove Test card that works").click()
    await expect(cards(page)).to_have_count(0)
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_card_of_which_there_are_two_is_removed_once(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await buyer(http)
    await shopper.pays_with("pm_card_visa")
    await shopper.pays_with("tok_of_another_kind")
    page = await account(chrome, shopper)
    await expect(cards(page)).to_have_count(3)
    await expect(cards(page).last).to_contain_text("tok_of_another_kind")
    await cards(page).last.get_by_role("button").dblclick()
    await expect(cards(page)).to_have_count(2)
    await page.get_by_role("button", name="Remove Test card that works").first.click()
    await expect(cards(page)).to_have_count(1)
    [left] = (await shopper.read("/api/me"))["paymentMethods"]
    assert left["token"] == "pm_card_visa"


async def test_a_button_that_is_pressed_twice_keeps_one(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    await page.get_by_role("button", name="Add a card").click()
    await page.get_by_role("button", name="Keep this card").dblclick()
    await expect(cards(page)).to_have_count(1)
    await page.get_by_role("button", name="Add an address").click()
    form = part(page, "Addresses").locator("form")
    for label, text in (
        ("Name", "Ada"),
        ("Street", "1 New Road"),
        ("City", "Albany"),
        ("State", "NY"),
        ("Postal", "12207"),
    ):
        await form.get_by_label(label).fill(text)
    await form.get_by_role("button", name="Keep this address").dblclick()
    await expect(addresses(page)).to_have_count(1)
    me = await shopper.read("/api/me")
    assert (len(me["addresses"]), len(me["paymentMethods"])) == (1, 1)


async def test_an_answer_that_is_lost_keeps_no_second_address(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    lost = 0

    async def lose(route: Any) -> None:
        nonlocal lost
        lost += 1
        await route.fetch()
        await route.abort()

    await page.route("**/api/me/addresses", lose, times=3)
    await page.get_by_role("button", name="Add an address").click()
    await give_address(part(page, "Addresses"))
    await expect(part(page, "Addresses").get_by_role("alert")).to_contain_text("No connection")
    await pictured(page, "account-no-connection")
    await page.get_by_role("button", name="Keep this address").click()
    await expect(addresses(page)).to_have_count(1)
    assert lost == 3
    assert len((await shopper.read("/api/me"))["addresses"]) == 1


async def test_another_name(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    await page.get_by_text("Change your name").first.click()
    name = part(page, "You").get_by_label("Name", exact=True)
    await name.fill("W" * 200)
    await expect(name).to_have_value("W" * 100)
    await name.evaluate("one => one.removeAttribute('maxlength')")
    await name.fill("W" * 200)
    await part(page, "You").get_by_role("button", name="Change your name").click()
    await expect(name).to_have_attribute("aria-invalid", "true")
    await expect(name).to_be_focused()
    await name.fill("W" * 100)
    await part(page, "You").get_by_role("button", name="Change your name").click()
    await expect(announcement(page)).to_have_text("Your name is changed")
    await expect(page.locator(".who")).to_have_text("W" * 100)
    await expect(part(page, "You").locator("summary").first).to_be_focused()
    await page.set_viewport_size(PHONE)
    await pictured(page, "account-long-name")
    assert (await shopper.read("/api/me"))["name"] == "W" * 100


@pytest.mark.parametrize("width", [1280, 1025, 1024, 833, 832, 704, 497, 496, 360, 320])
async def test_the_head_fits_and_leaves_room_to_search_at_every_width(
    chrome: Browser, http: httpx.AsyncClient, width: int
) -> None:
    page = await account(chrome, await sign_up(http), {"width": width, "height": 700})
    await page.locator(".count").evaluate("one => { one.hidden = false; one.textContent = '99+'; }")
    await require_fitting(page)
    box = await page.get_by_role("combobox", name="Search").bounding_box()
    assert box["width"] > 200
    tools = page.get_by_role("navigation", name="Account and cart").locator("a, button")
    tops = await tools.evaluate_all("all => all.map((one) => one.getBoundingClientRect().top)")
    assert (len(tops), len(set(tops))) == (5, 1)
    assert await page.locator(".name > span").evaluate("one => one.scrollWidth <= one.clientWidth")
    await page.screenshot(path=PICTURES / f"head-{width}.png")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_words_of_any_kind_stay_words(chrome: Browser, http: httpx.AsyncClient, dark: bool) -> None:
    shopper = await sign_up(http)
    await shopper.do("PATCH", "/api/me", {"name": ODD["name"]})
    await shopper.do("POST", "/api/me/addresses", ODD, 201)
    page = await account(chrome, shopper, PHONE if dark else None, dark)
    await expect(page.locator(".who")).to_have_text(ODD["name"])
    await expect(addresses(page).locator("address span").first).to_have_css("direction", "ltr")
    street = addresses(page).locator("address span").nth(1)
    await expect(street).to_have_css("direction", "rtl")
    await expect(street).to_have_css("text-align", "left")  # below the others
    assert await page.locator("main b, main script").count() == 0
    await pictured(page, f"account-words-{'dark' if dark else 'light'}")


async def test_letters_are_switched_off_and_on(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    orders, wishes = (page.get_by_role("switch", name=name) for name in ("my orders", "I saved"))
    await expect(orders).to_be_checked()
    await expect(wishes).not_to_be_checked()
    await orders.focus()
    await page.keyboard.press("Space")
    await expect(announcement(page)).to_have_text("You will get no letters about your orders")
    await expect(orders).to_be_focused()
    await wishes.click()
    await expect(announcement(page)).to_have_text("You will get letters about your wishes")
    assert (await shopper.read("/api/me"))["notifications"] == {"orders": False, "wishes": True}
    await page.route("**/api/me", lambda route: route.abort())
    await orders.click()
    await expect(part(page, "Letters").get_by_role("alert")).to_contain_text("No connection")
    await expect(orders).not_to_be_checked()
    await page.unroute_all()
    await page.reload()
    await expect(orders).not_to_be_checked()


async def test_another_password_signs_everybody_else_out(chrome: Browser, http: httpx.AsyncClient) -> None:
    shopper = await sign_up(http)
    page = await account(chrome, shopper)
    other = await account(chrome, shopper)
    await part(page, "You").locator("summary", has_text="password").click()
    now, then = page.get_by_label("Password now"), page.get_by_label("New password")
    await now.fill("not my password")
    await then.fill("another horse battery")
    await page.get_by_role("button", name="Change your password").click()
    await expect(now).to_be_focused()
    await expect(now).to_have_attribute("aria-invalid", "true")
    await pictured(page, "account-password")
    await now.fill(PASSWORD)
    await page.get_by_role("button", name="Change your password").click()
    await expect(announcement(page)).to_contain_text("Your password is changed")
    await expect(now).to_be_hidden()
    await expect(now).to_have_value("")
    await asyncio.sleep(0.5)  # until every process has noticed
    await page.reload()
    await expect(part(page, "You")).to_be_visible()
    await other.reload()
    await expect(other.get_by_role("heading", name="Sign in first")).to_be_visible()
    await shopper.sign_in("another horse battery")


async def test_a_password_whose_change_was_not_answered(chrome: Browser, http: httpx.AsyncClient) -> None:
    page = await account(chrome, await sign_up(http))

    async def lose(route: Any) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/api/me/password", lose, times=1)
    await part(page, "You").locator("summary", has_text="password").click()
    await page.get_by_label("Password now").fill(PASSWORD)
    await page.get_by_label("New password").fill("another horse battery")
    await page.get_by_role("button", name="Change your password").click()
    alert = part(page, "You").get_by_role("alert")
    await expect(alert).to_contain_text("No connection")
    await page.get_by_role("button", name="Change your password").click()
    await expect(alert).to_contain_text("This is not your password; no answer came to your first try")
    await page.get_by_label("Password now").fill("another horse battery")
    await page.get_by_role("button", name="Change your password").click()
    await expect(announcement(page)).to_contain_text("Your password is changed")


async def test_who_signs_out_while_the_page_is_asked_for_is_not_shown(chrome: Browser, http: httpx.AsyncClient) -> None:
    page = await account(chrome, await buyer(http))
    other = await page.context.new_page()
    await other.goto("/orders")
    answered = asyncio.Event()

    async def late(route: Any) -> None:
        real = await route.fetch()
        await other.get_by_role("button", name="Sign out").click()
        await expect(other.get_by_role("link", name="Sign in").first).to_be_visible()
        await expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()
        await route.fulfill(response=real)
        answered.set()

    await page.route("**/api/me", late)
    await page.reload()
    await answered.wait()
    await expect(page.get_by_role("heading", name="Sign in first")).to_be_visible()
    await expect(page.get_by_text(HOME["line1"])).to_have_count(0)


async def test_a_session_that_ends_meanwhile_asks_to_sign_in_and_comes_back(
    chrome: Browser, http: httpx.AsyncClient
) -> None:
    shopper = await buyer(http)
    page = await account(chrome, shopper)
    refused = {"status": 401, "code": "unauthenticated", "title": "Sign in first", "detail": "planted"}
    for path in ("**/api/me/addresses/*", "**/api/auth/token"):
        await page.route(path, lambda route: route.fulfill(status=401, json=refused))
    await page.get_by_role("button", name="Delete Ada Example").click()
    await expect(page.get_by_role("heading", name="Sign in first")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await expect(page.get_by_text(HOME["line1"])).to_have_count(0)
    await page.unroute_all()
    await page.get_by_role("main").get_by_role("link", name="Sign in").click()
    await expect(page.get_by_role("heading", name="New here?")).to_be_visible()
    assert page.url.endswith("?to=%2Faccount")


async def test_who_signs_out_in_another_tab_is_not_shown_in_this_one(chrome: Browser, http: httpx.AsyncClient) -> None:
    page = await account(chrome, await buyer(http))
    other = await page.context.new_page()
    await other.goto("/account")
    await other.get_by_role("button", name="Sign out of this browser").click()
    await expect(other).to_have_url(f"{chrome.origin}/")
    await expect(page.get_by_role("heading", name="Sign in first")).to_be_visible()
    await expect(page.get_by_text(HOME["line1"])).to_have_count(0)


async def test_a_page_that_nobody_answers_is_tried_again(chrome: Browser, http: httpx.AsyncClient) -> None:
    page = await account(chrome, await buyer(http))
    await page.route("**/api/me", lambda route: route.abort())
    await page.reload()
    await expect(page.get_by_role("alert")).to_contain_text("No connection")
    await page.unroute_all()
    await page.get_by_role("button", name="Try again").click()
    await expect(addresses(page)).to_have_count(1)
