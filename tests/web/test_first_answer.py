"""What the server answers first, in a browser: readable where no script runs, and taken over without a flash where one
does. Both draw the same, so the page before and the page after are held against each other."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from domain.money import CURRENCIES, Money
from readapi.storefront.wording import SYMBOLS, money, number
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper
from tests.web.browser import PHONE, Browser, inspected, require_accessible, require_fitting
from tests.web.people import administrator

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
HOSTILE = (
    "</title></script><script>document.body.dataset.hit=1</script><img src=x onerror=alert(1)>\u2028\u202e&amp;{{7*7}}"
)
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
}).observe({type: "layout-shift", buffered: true});
"""
"""How far what is drawn moves (https://wicg.github.io/layout-instability/), from the first frame on."""
PLACES = """() => Object.fromEntries(
  ["header.top", ".search", ".tools", "h1", ".stage", ".buy .best", ".add", ".wish", ".offers h2", ".prose h2",
   ".attributes tr:last-child", ".result-head", ".chips", ".cards .card:last-child", ".hero", ".tiles"]
  .map((name) => [name, document.querySelector(name)?.getBoundingClientRect()])
  .filter(([, box]) => box)
  .map(([name, box]) => [name, [box.x, box.y, box.width, box.height].map(Math.round).join(" ")])
)"""
"""Where the parts of a page are that stand on it before the scripts do anything and afterwards."""


async def without_scripts(chrome: Browser, size: dict[str, int] | None = None) -> Any:
    context = await chrome.person(size, scripts=False)
    return await context.new_page()


async def sold(seller: Seller, title: str = "Oak bed for two", **more: Any) -> str:
    """Something with all that a page shows; its id."""
    body = {"attributes": {"material": "oak", "width": 160, "in_box": True}, "description": "Solid.\n\nOiled.", **more}
    sku = await seller.describes(title, **body)
    await seller.sells(50, 123_456, sku, listPrice={"amount": 150_000, "currency": seller.currency})
    product_id = seller.products[sku]
    await seller.is_found()
    return product_id


async def linked(page: Any) -> dict[str, dict[str, Any]]:
    """The JSON-LD of a page by its type."""
    texts = await page.locator('script[type="application/ld+json"]').all_text_contents()
    return {one["@type"]: one for one in map(json.loads, texts)}


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
async def test_a_product_can_be_read_where_no_script_runs(
    chrome: Browser, seller: Seller, size: dict[str, int] | None
) -> None:
    page = await without_scripts(chrome, size)
    await page.goto(f"/product/{await sold(seller)}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Oak bed for two")
    await expect(page.locator(".buy .price")).to_have_text("$1,234.56 before $1,500.00")
    await expect(page.get_by_text("Oiled.")).to_be_visible()
    await expect(page.get_by_role("row", name="Material oak")).to_be_visible()
    await expect(page.locator("p.noscript")).to_be_visible()
    assert await page.get_by_role("button", name="Add to cart").count() == 0
    await require_fitting(page)
    await page.get_by_role("link", name="Beds", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Beds")
    await page.locator(".cards a").first.click()
    await expect(page.locator(".product h1")).to_be_visible()


async def test_one_of_a_family_is_chosen_where_no_script_runs(chrome: Browser, seller: Seller) -> None:
    variants = [{"sku": f"FAM-{size}-{seller.shop_id[-6:]}", "attributes": {"size": size}} for size in ("S", "L")]
    product_id = await sold(seller, "Larch stool", axes=["size"], variants=variants)
    await seller.sells(5, 777, variants[1]["sku"])
    await seller.is_found()
    page = await without_scripts(chrome)
    await page.goto(f"/product/{product_id}")
    await page.get_by_role("link", name="L $7.77").click()
    await expect(page.locator(".buy .price")).to_have_text("$7.77")
    await expect(page.locator(".variant[aria-current]")).to_contain_text("L")


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", ["product", "category", "home"])
async def test_the_scripts_take_a_page_over_without_moving_it(
    chrome: Browser, seller: Seller, path: str, size: dict[str, int] | None
) -> None:
    product_id = await sold(seller)
    address = {"product": f"/product/{product_id}", "category": "/category/Furniture", "home": "/"}[path]
    before = await without_scripts(chrome, size)
    await before.route("**/noscript.css", lambda route: route.fulfill(body="", content_type="text/css"))
    await before.goto(address)
    page = await chrome.page(size)
    await page.add_init_script(SHIFTS)
    # What delivery costs is told later to whoever it is, and where it takes a line more that is below.
    await page.route("**/delivery", lambda route: route.fulfill(status=404, json={"status": 404, "title": "Not told"}))
    # What goes well with it comes with the scripts, if anybody has bought the two by then.
    await page.route("**/also-bought?**", lambda route: route.fulfill(json={"items": []}))
    await page.goto(address)
    alive = {"product": ".add button:enabled", "category": ".sorting select:enabled", "home": "#suggestions"}[path]
    await page.locator(alive).wait_for(state="attached")
    await page.evaluate("document.fonts.ready.then(() => new Promise((drawn) => setTimeout(drawn, 500)))")
    assert await page.evaluate("window.shifted") < 0.001
    assert await page.evaluate(PLACES) == await before.evaluate(PLACES)
    assert await page.title() == await before.title()
    await inspected(page, f"first-{path}{'-phone' if size else ''}")


@pytest.mark.parametrize("path", ["/", "/category/Furniture", "/product/prd_none"])
async def test_the_first_answer_is_accessible_before_any_script(chrome: Browser, seller: Seller, path: str) -> None:
    await sold(seller)
    page = await chrome.page()
    await page.route("**/main.js", lambda route: route.abort())
    await page.goto(path)
    await require_accessible(page)


async def test_a_product_is_accessible_before_any_script(chrome: Browser, seller: Seller) -> None:
    page = await chrome.page()
    await page.route("**/main.js", lambda route: route.abort())
    await page.goto(f"/product/{await sold(seller)}")
    await expect(page.get_by_role("button", name="Add to cart").first).to_be_disabled()
    await require_accessible(page)


async def test_whoever_began_to_type_or_to_go_through_goes_on(chrome: Browser, seller: Seller) -> None:
    page = await chrome.page()
    held: list[Any] = []

    async def hold(route: Any) -> None:
        held.append(route)

    await page.route("**/shop/main.js", hold)
    await page.goto(f"/product/{await sold(seller)}", wait_until="commit")
    await page.locator("#search").fill("oak")
    await page.get_by_role("link", name="Furniture", exact=True).focus()
    await held[0].continue_()
    await expect(page.locator(".add button")).to_be_enabled()
    await expect(page.locator("#search")).to_have_value("oak")
    await expect(page.get_by_role("link", name="Furniture", exact=True)).to_be_focused()


async def test_names_that_mean_harm_are_names(chrome: Browser, seller: Seller) -> None:
    hostile = {"description": HOSTILE, "brand": HOSTILE[:100], "attributes": {"color": HOSTILE}}
    product_id = await sold(seller, HOSTILE, **hostile)
    for scripts in (False, True):
        context = await chrome.person(scripts=scripts)
        page = await context.new_page()
        await page.goto(f"/product/{product_id}")
        await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(re.escape("<script>document.body")))
        assert await page.locator("body").get_attribute("data-hit") is None
        assert (await linked(page))["Product"]["name"] == HOSTILE
        assert (await page.title()).startswith("</title></script><script>document.body")
        await page.goto("/category/Furniture/Beds")
        assert HOSTILE in [one["name"] for one in (await linked(page))["ItemList"]["itemListElement"]]
        assert await page.locator("body").get_attribute("data-hit") is None


async def test_what_the_head_says_of_one_page_it_says_of_no_other(chrome: Browser, seller: Seller) -> None:
    page = await chrome.page()
    product_id = await sold(seller)
    await page.goto(f"/product/{product_id}")
    canonical = page.locator("link[rel=canonical]")
    await expect(canonical).to_have_attribute("href", f"{chrome.origin}/product/{product_id}")
    await expect(page.locator(".add button")).to_be_enabled()
    await page.locator(".crumbs").get_by_role("link", name="Beds").click()
    await expect(page).to_have_url(f"{chrome.origin}/category/Furniture/Beds")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Beds")
    for left in ("link[rel=canonical]", "meta[property]", 'script[type="application/ld+json"]', "meta[name=robots]"):
        await expect(page.locator(left)).to_have_count(0)


async def test_a_group_s_price_is_on_no_page_that_others_get(
    chrome: Browser, seller: Seller, http: httpx.AsyncClient
) -> None:
    sku = await seller.describes("Oak table")
    prices = [{"group": "trade", "price": {"amount": 4_242, "currency": "USD"}}]
    await seller.sells(50, 9_900, sku, prices=prices)
    admin = await administrator(http)
    await admin.do("PUT", f"/api/admin/accounts/{seller.shopper.user_id}/groups", {"groups": ["trade"]})
    seller.shopper.position = admin.position
    own = await seller.shopper.read(f"/api/products/{seller.products[sku]}")
    assert own["price"]["amount"] == 4_242
    answer = await http.get(f"/product/{seller.products[sku]}", headers=_as(seller.shopper))
    assert ("$99.00" in answer.text, "42.42" in answer.text) == (True, False)
    assert "authorization" not in answer.headers["vary"].lower()


def _as(who: Shopper) -> dict[str, str]:
    return {"Authorization": f"Bearer {who.token}", "Kontor-Min-Position": who.position, "Accept": "text/html"}


async def test_amounts_and_numbers_are_worded_as_the_browser_words_them(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/cart")
    module = await page.locator("link[rel=modulepreload][href$='/lib/format.js']").get_attribute("href")
    known = sorted({*SYMBOLS, "CHF", "SEK", "PLN", "ZAR", "AED", "BHD"})
    prices = [Money(amount, currency) for currency in known for amount in (0, 5, 199_900, 123_456_789)]
    asked = [{"amount": one.amount, "currency": one.currency} for one in prices]
    words = "async ([module, asked]) => asked.map((await import(module)).money)"
    assert await page.evaluate(words, [module, asked]) == [money(one) for one in prices]
    numbers = [0, 7, 1_234, 1_234_567, 0.5, 12.345, 1_000.25]
    words = "async ([module, asked]) => asked.map((await import(module)).number)"
    assert await page.evaluate(words, [module, numbers]) == [number(one) for one in numbers]
    assert set(known) <= set(CURRENCIES)
