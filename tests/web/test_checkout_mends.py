"""The checkout buys what is shown, to where it is shown; codes that are of no use can be got rid of."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from kontor.tables import countries
from tests.e2e.buying.promotions import start
from tests.e2e.giftcards import issue
from tests.e2e.market import Seller
from tests.e2e.shopper import HOME, fresh_key
from tests.waiting import until
from tests.web.browser import Browser, inspected
from tests.web.people import administrator, buyer, signed_in
from tests.web.walking import pay

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]


async def at_checkout(chrome: Browser, http: httpx.AsyncClient, seller: Seller) -> Any:
    """Somebody with two addresses, the newer of which is in Chicago."""
    shopper = await buyer(http, await seller.sells())
    newer = {**HOME, "line1": "1 Lake Shore Drive", "city": "Chicago", "region": "IL", "postalCode": "60611"}
    await shopper.do("POST", "/api/me/addresses", newer, 201)
    page = await chrome.page()
    await signed_in(page, shopper, "/checkout")
    await expect(pay(page)).to_be_enabled()
    return page


async def test_nothing_is_bought_while_an_address_is_entered(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    page = await at_checkout(chrome, http, seller)
    await expect(page.get_by_role("radio", name=re.compile("Chicago"))).to_be_checked()
    another = page.get_by_role("button", name="Another address")
    await another.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Name")).to_be_focused()
    await expect(pay(page)).to_be_disabled()
    await expect(page.get_by_text("Keep the address first, or cancel.")).to_be_visible()
    await inspected(page, "checkout-entering", full=True)
    await page.get_by_role("button", name="Cancel").focus()
    await page.keyboard.press("Enter")
    await expect(another).to_be_focused()
    await expect(pay(page)).to_be_enabled()
    await expect(page.get_by_text("Keep the address first")).to_have_count(0)

    await another.click()
    await page.get_by_label("Name").fill("Ada Example")
    await page.get_by_label("Street and number").fill("1 Road")
    await page.get_by_label("City").fill("Boston")
    await page.get_by_label("State or region").fill("MA")
    await page.get_by_label("Postal code").fill("02101")
    await page.keyboard.press("Enter")
    boston = page.get_by_role("radio", name=re.compile("Boston"))
    await expect(boston).to_be_checked()
    await expect(boston).to_be_focused()
    await pay(page).click()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    await expect(page.locator("address")).to_contain_text("Boston")


async def test_deliveries_are_walked_by_arrow_keys_and_the_last_choice_counts(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    page = await at_checkout(chrome, http, seller)
    standard = page.get_by_role("radio", name="Standard")
    express = page.get_by_role("radio", name="Express")
    await standard.focus()
    async with page.expect_response("**/api/orders/quote"):
        await page.keyboard.press("ArrowDown")
    await expect(pay(page)).to_be_enabled()
    await expect(express).to_be_checked()
    await expect(express).to_be_focused()

    asked: list[str] = []
    late, came = asyncio.Event(), asyncio.Event()

    async def the_first_comes_last(route: Any) -> None:
        asked.append(route.request.post_data_json["shippingMethod"])
        first = len(asked) == 1
        answer = await route.fetch()
        if first:
            await late.wait()
        await route.fulfill(response=answer)
        if first:
            came.set()

    await page.route("**/api/orders/quote", the_first_comes_last)
    await standard.check()
    await until(lambda: len(asked) == 1, 70)
    await express.check()
    await expect(pay(page)).to_be_enabled()
    late.set()
    await came.wait()
    await page.evaluate("() => new Promise((done) => setTimeout(done))")  # what the answer leads to comes before
    assert asked == ["standard", "express"]
    await expect(express).to_be_checked()
    await expect(page.locator(".totals")).to_contain_text("$14.99")


async def test_a_gift_card_that_does_not_work_is_left_out(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    card = await issue(await administrator(http), 500)
    page = await at_checkout(chrome, http, seller)
    before = await pay(page).inner_text()
    await page.get_by_text("Coupon or gift card").click()
    field = page.get_by_role("textbox", name="Gift card")
    await field.fill("K7Q4-M0ZX-A2B4-R9S1")
    await page.get_by_role("button", name="Use", exact=True).click()
    await expect(page.get_by_text("No gift card has this code.")).to_be_visible()
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(pay(page)).to_be_enabled()
    assert await pay(page).inner_text() == before
    await inspected(page, "checkout-gift-card-refused", full=True)

    await field.fill(card.code)
    await page.keyboard.press("Enter")
    chip = page.get_by_role("button", name="Take out Gift card pays $5.00")
    await expect(chip).to_be_visible()
    await expect(field).to_have_value("")
    await expect(page.get_by_text("No gift card has this code.")).to_have_count(0)
    await chip.click()
    await expect(chip).to_have_count(0)
    await expect(pay(page)).to_have_text(before)


async def test_a_coupon_that_was_taken_out_stays_out(chrome: Browser, http: httpx.AsyncClient, seller: Seller) -> None:
    code = fresh_key()[4:16].upper()
    await start(seller.shopper, shopId=seller.shop_id, code=code)
    card = await issue(await administrator(http), 500)
    page = await at_checkout(chrome, http, seller)
    await page.get_by_text("Coupon or gift card").click()
    coupon = page.get_by_role("textbox", name="Coupon")
    await coupon.fill("no such thing!")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("There is no such coupon.")).to_be_visible()
    await expect(coupon).to_be_focused()
    await coupon.fill(code)
    await page.keyboard.press("Enter")
    chip = page.get_by_role("button", name=f"Take out {code}")
    await expect(chip).to_be_visible()
    await expect(coupon).to_have_value("")
    await expect(page.get_by_text("There is no such coupon.")).to_have_count(0)
    await chip.focus()
    await page.keyboard.press("Enter")
    await expect(chip).to_have_count(0)
    await expect(coupon).to_be_focused()
    await page.get_by_role("textbox", name="Gift card").fill(card.code)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Take out Gift card pays $5.00")).to_be_visible()
    await expect(chip).to_have_count(0)


async def test_a_form_asks_for_what_addresses_of_the_country_need(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    page = await at_checkout(chrome, http, seller)
    await page.get_by_role("button", name="Another address").click()
    optional = page.locator("fieldset .field label", has=page.locator(".quiet:visible"))
    await expect(optional).to_have_text(["Flat, floor (optional)"])
    await page.get_by_label("Country").select_option("DE")
    await expect(optional).to_have_text(["Flat, floor (optional)", "State or region (optional)"])
    await page.get_by_label("Country").select_option("US")
    await page.get_by_role("button", name="Keep this address").click()
    await expect(page.get_by_label("Postal code")).to_have_attribute("aria-invalid", "true")
    fields = await page.evaluate(
        """async (codes) => {
            const main = document.querySelector("script[src$='shop/main.js']").src;
            const { required } = await import(main.replace("main.js", "required.js"));
            return Object.fromEntries(codes.map((code) => [code, required(code)]));
        }""",
        list(countries()),
    )
    assert fields == {
        code: {name: name in country.required for name in ("city", "region", "postalCode")}
        for code, country in countries().items()
    }
