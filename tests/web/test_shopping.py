"""Buying, in a browser: from typing the first letters to a paid order, and what may come in between."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.e2e.shopper import fresh_key
from tests.web.browser import Browser, inspected
from tests.web.walking import give_address, pay, put_into_cart, register, search, to_checkout

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]


async def test_from_the_first_letters_to_a_paid_order(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/")
    await expect(page.get_by_role("heading", name="Categories")).to_be_visible()
    await inspected(page, "home", full=True)

    box = page.get_by_role("combobox", name="Search")
    await box.press_sequentially("lapt")
    await expect(page.get_by_role("option").first).to_be_visible()
    await inspected(page, "type-ahead")
    await search(page, "laptop")
    await inspected(page, "search")

    await page.locator(".card a").first.click()
    await expect(page.get_by_role("heading", name=re.compile("offers? compared"))).to_be_visible()
    title = await page.get_by_role("heading", level=1).inner_text()
    await inspected(page, "product", full=True)
    await page.locator(".buy").get_by_role("button", name="Add to cart").click()
    await page.get_by_role("link", name="Go to the cart").click()
    await expect(page.get_by_role("link", name=title)).to_be_visible()
    await inspected(page, "cart")

    await page.get_by_role("link", name="Go to checkout").click()
    await page.get_by_role("main").get_by_role("link", name="Sign in").click()
    await expect(page.get_by_role("heading", name="New here?")).to_be_visible()
    await inspected(page, "sign-in")
    await register(page)
    await expect(page.get_by_role("button", name="Keep this address")).to_be_visible()
    await inspected(page, "checkout-address", full=True)
    await give_address(page)
    await page.get_by_role("radio", name="Express").check()
    await expect(page.locator(".totals")).to_contain_text("$14.99")
    await inspected(page, "checkout", full=True)

    await pay(page).click()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    await expect(page.locator(".timeline li").first).to_contain_text("Order paid")
    await expect(page.locator(".timeline")).to_contain_text(re.compile(r"Payment captured: \$\d"))
    await expect(page.locator(".timeline")).not_to_contain_text(" USD")
    await expect(page.get_by_role("link", name=re.compile("Cart.*empty"))).to_be_visible()
    await inspected(page, "order", full=True)

    await page.get_by_role("link", name="Orders", exact=True).click()
    await expect(page.locator(".order-row")).to_contain_text(title)
    await inspected(page, "orders")


IN_ORDER = """() => {
  const shown = [...document.querySelectorAll(".card .price")];
  const prices = shown.map((one) => Number(one.innerText.replace(/[$,]/g, "")));
  return prices.length > 1 && prices.every((price, at) => at === 0 || prices[at - 1] <= price);
}"""


async def test_filters_narrow_and_several_of_one_kind_widen(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/search?q=cable")
    total = page.locator(".result-head .quiet")
    brands = page.locator("details.facet", has=page.get_by_text("Brand", exact=True)).get_by_role("checkbox")

    async def hits() -> int:
        return int((await total.inner_text()).split()[0].replace(",", ""))

    everything = await hits()
    await brands.nth(0).check()
    await expect(page.locator(".chip.on")).to_have_count(1)
    one = await hits()
    await expect(brands.nth(0)).to_be_focused()
    await brands.nth(1).check()
    await expect(page.locator(".chip.on")).to_have_count(2)
    two = await hits()
    assert one < two < everything

    await page.get_by_label("Sort").select_option("price_asc")
    await expect(page).to_have_url(re.compile("sort=price_asc"))
    await page.wait_for_function(IN_ORDER)  # the list comes after the address has changed
    await inspected(page, "search-narrowed")

    await page.go_back()
    await page.go_back()
    await expect(page.locator(".chip.on")).to_have_count(1)
    assert await hits() == one
    await page.get_by_role("link", name="Clear all").click()
    await expect(page.locator(".chip.on")).to_have_count(0)
    await page.get_by_role("link", name="Next", exact=True).click()
    await expect(page.get_by_text(re.compile("Page 2 of"))).to_be_visible()


async def test_a_declined_card_costs_nothing_and_leaves_the_cart(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells()
    page = await chrome.page()
    await to_checkout(page, seller.products[sku])
    await page.get_by_role("radio", name="Test card that is declined").check()
    await pay(page).click()
    await expect(page.get_by_text("The card was declined")).to_be_visible()
    await expect(page.locator(".timeline")).to_contain_text("Payment declined")
    await inspected(page, "order-declined", full=True)
    await page.get_by_role("link", name="Back to the cart").click()
    await expect(page.locator(".line-item")).to_have_count(1)
    await page.get_by_role("link", name="Go to checkout").click()
    await pay(page).click()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()


async def test_what_cannot_go_there_is_named_and_not_ordered(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells(sku=await seller.describes("Lamp for Germany"), shipsTo=["DE"])
    page = await chrome.page()
    await put_into_cart(page, seller.products[sku])
    await page.goto("/sign-in?to=/checkout")
    await register(page)
    await give_address(page)
    said = page.locator(".notice", has_text="Not all of it can go there")
    await expect(said).to_contain_text("Lamp for Germany: its seller does not ship to US")
    await expect(pay(page)).to_be_disabled()
    await inspected(page, "checkout-elsewhere", full=True)


async def test_nothing_is_bought_at_a_price_that_was_not_shown(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells(price=1999)
    page = await chrome.page()
    await to_checkout(page, seller.products[sku])
    await seller.offers(sku, 2999)
    await pay(page).click()
    await expect(page.get_by_text("The price has changed")).to_be_visible()
    await inspected(page, "checkout-price-changed", full=True)
    await page.goto("/orders")
    await expect(page.get_by_text("No orders yet")).to_be_visible()
    await page.goto("/cart")
    await expect(page.get_by_text("The price rose since you added it: $19.99 then, $29.99 now")).to_be_visible()
    await inspected(page, "cart-price-changed")
    await page.get_by_role("link", name="Go to checkout").click()
    await pay(page).click()
    await expect(page.locator(".totals")).to_contain_text("$29.99")


async def test_what_is_sold_out_meanwhile_cannot_go_to_the_checkout(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells(stock=1)
    page = await chrome.page()
    await put_into_cart(page, seller.products[sku])
    path = f"/api/inventory/{seller.shop_id}/{sku}/adjust"
    await seller.shopper.do("POST", path, {"quantity": -1, "reason": "broken"})
    await page.goto("/cart")
    await expect(page.get_by_text("Sold out")).to_be_visible()
    await expect(page.get_by_role("link", name="Go to checkout")).to_be_disabled()
    await inspected(page, "cart-sold-out")
    await page.get_by_role("button", name="Take out").click()
    await expect(page.get_by_text("Nothing in it yet")).to_be_visible()
    await inspected(page, "cart-empty")


async def test_a_press_that_got_no_answer_buys_once(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells()
    page = await chrome.page()
    await to_checkout(page, seller.products[sku])
    keys: list[str] = []

    async def lose_the_answer(route: object) -> None:
        keys.append((await route.request.all_headers())["idempotency-key"])  # type: ignore[attr-defined]  # a Route
        await route.fetch()  # type: ignore[attr-defined]
        await route.abort()  # type: ignore[attr-defined]

    await page.route("**/api/orders", lose_the_answer, times=1)
    await pay(page).click()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    assert len(keys) == 1
    await page.goto("/orders")
    await expect(page.locator(".order-row")).to_have_count(1)


async def test_an_order_is_called_off_and_says_so_by_itself(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells()
    page = await chrome.page()
    await to_checkout(page, seller.products[sku])
    await pay(page).click()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    other = await page.context.new_page()
    await other.goto(page.url)
    await page.get_by_role("button", name="Cancel this order").click()
    await expect(
        page.locator(".status", has_text="Cancelled").or_(page.locator(".status", has_text="Refunded"))
    ).to_be_visible()
    await expect(other.locator(".timeline")).to_contain_text("Refunded: ", timeout=30_000)
    await inspected(other, "order-cancelled", full=True)


async def test_what_sellers_write_stays_text(chrome: Browser, seller: Seller) -> None:
    evil = 'Zolbert <img src=x onerror="alert(1)"> <script>alert(2)</script>'
    sku = await seller.describes(evil, brand="<b>Bold</b>", attributes={"<i>size</i>": "<svg onload=alert(3)>"})
    await seller.sells(sku=sku)
    await seller.is_found()
    page = await chrome.page()
    await page.goto(f"/product/{seller.products[sku]}")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("onerror")
    await expect(page.get_by_role("row").filter(has_text="onload")).to_have_count(1)
    await put_into_cart(page, seller.products[sku])
    await page.goto("/cart")
    await expect(page.locator(".line-item")).to_contain_text("<script>")
    await page.goto("/search?q=Zolbert")
    await expect(page.locator(".card").first).to_contain_text("<img")
    await page.goto("/search?q=%3Cscript%3Ealert(4)%3C/script%3E")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("<script>")
    assert await page.locator("main script, main b, main i").count() == 0


async def test_what_has_come_is_rated_and_its_seller_shows_it(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells()
    page = await chrome.page()
    await to_checkout(page, seller.products[sku])
    await pay(page).click()
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    path = f"/api/orders/{page.url.rsplit('/', 1)[-1]}/shipments"
    carried = {"carrier": "UPS", "tracking": "1Z"}
    packed = await seller.shopper.do("POST", path, carried, 201, Idempotency_Key=fresh_key())
    await seller.shopper.do("POST", f"{path}/{packed['shipmentId']}/delivered", Idempotency_Key=fresh_key())
    await page.get_by_label("How was Nordwald?").select_option("4")
    await page.get_by_role("button", name="Rate", exact=True).click()
    await expect(page.get_by_text("Thank you.")).to_be_visible()
    await inspected(page, "order-rated", full=True)
    await page.goto(f"/product/{seller.products[sku]}")
    await expect(page.get_by_role("row", name=re.compile("4 of 5 stars, 1 rating"))).to_be_visible()
    await inspected(page, "product-rated-seller", full=True)
