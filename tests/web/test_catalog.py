"""What the catalog tells, in a browser: searches that find little, filters, pictures, families and their details."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller, open_shop
from tests.web.browser import PHONE, Browser, inspected
from tests.web.pictures import MOSS, OAK, SAND, hang, png
from tests.web.walking import search, to_checkout

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]


def facet(page: Any, name: str) -> Any:
    return page.locator("details.facet", has=page.locator("summary").get_by_text(name, exact=True))


async def family(seller: Seller) -> tuple[str, dict[str, str]]:
    """A shirt in two colours and two sizes, one of which nobody made; product id, and SKUs by colour and size."""
    prefix = f"SHIRT-{uuid.uuid4().hex[:8]}".upper()
    made = [("black", "M"), ("black", "L"), ("red", "M")]
    skus = {f"{colour} {size}": f"{prefix}-{colour[:3]}-{size}".upper() for colour, size in made}
    described = {
        "title": f"Linen shirt {prefix[-4:]}",
        "brand": "Nordwald",
        "category": ["Clothing", "Shirts"],
        "axes": ["colour", "size"],
        "attributes": {"material": "linen", "machine_washable": True},
        "variants": [
            {"sku": skus[f"{colour} {size}"], "attributes": {"colour": colour, "size": size}} for colour, size in made
        ],
    }
    created = await seller.shopper.do("POST", "/api/products", described, 201)
    await seller.sells(10, 4900, sku=skus["black M"])
    await seller.sells(2, 5200, sku=skus["black L"])
    await seller.sells(0, 4500, sku=skus["red M"], listPrice={"amount": 6000, "currency": "USD"})
    return created["productId"], skus


async def test_another_spelling_is_offered(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/search?q=headphnoes")
    said = page.locator(".meant")
    await expect(said).to_have_text("Did you mean headphones?")
    await inspected(page, "search-spelling")
    await said.get_by_role("link", name="headphones").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Results for “headphones”")
    await expect(page).to_have_url(re.compile(r"/search\?q=headphones$"))
    await expect(said).to_have_count(0)


async def test_what_only_another_spelling_finds_is_said_to_be_that(chrome: Browser) -> None:
    page = await chrome.page()

    async def rescued(route: Any) -> None:
        answer = await route.fetch()
        body = await answer.json() | {"suggestion": "<b>headphones</b>", "rescued": "spelling"}
        await route.fulfill(response=answer, json=body)

    await page.route("**/api/products?**", rescued)
    await page.goto("/search?q=headphnoes")
    said = page.locator(".meant")
    await expect(said).to_have_text("Nothing has “headphnoes”. These were found for <b>headphones</b>.")
    await expect(said.get_by_role("link")).to_have_attribute("href", "/search?q=%3Cb%3Eheadphones%3C%2Fb%3E")


async def test_few_that_have_all_words_are_followed_by_those_with_some(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/")
    await search(page, "bluetooth toner")
    await expect(page.locator(".meant")).to_contain_text("those with some of them follow")
    assert await page.locator(".card").count() > 10
    await inspected(page, "search-fewer-words")


async def test_availability_is_counted_and_sellers_have_names(chrome: Browser, http: httpx.AsyncClient) -> None:
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    alder, birch = await open_shop(http, "Alder & Sons"), await open_shop(http, "Birch")
    for shop, stock in ((alder, 3), (alder, 0), (birch, 3)):
        await shop.sells(stock, sku=await shop.describes(f"{word} chest"))
    await alder.is_found()
    await birch.is_found()
    page = await chrome.page()
    await page.goto(f"/search?q={word}")
    cards = page.locator(".card")
    await expect(cards).to_have_count(3)
    available = facet(page, "Availability").locator("li")
    await expect(available).to_have_text(["In stock only2", "Sold out1"])
    await page.get_by_role("checkbox", name="Sold out").check()
    await expect(cards).to_have_count(1)
    await expect(available).to_have_text(["In stock only2", "Sold out1"])
    await page.get_by_role("link", name="Remove the filter Sold out").click()

    sellers = facet(page, "Seller")
    await expect(sellers.locator("li")).to_have_text(["Alder & Sons2", "Birch1"])
    await page.get_by_role("checkbox", name="Birch").check()
    await expect(cards).to_have_count(1)
    await expect(page.get_by_role("link", name="Remove the filter Birch")).to_be_visible()
    await expect(page.get_by_role("checkbox", name="Birch")).to_be_focused()
    await inspected(page, "search-sellers")
    await page.get_by_role("checkbox", name="Alder & Sons").check()
    await expect(cards).to_have_count(3)


async def test_only_what_is_sent_there_is_shown(chrome: Browser, http: httpx.AsyncClient) -> None:
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    seller = await open_shop(http)
    chest = await seller.sells(sku=await seller.describes(f"{word} chest"), shipsTo=["US"])
    await seller.sells(sku=await seller.describes(f"{word} box"), shipsTo=["DE"])
    await seller.is_found()
    page = await chrome.page()
    await page.goto(f"/search?q={word}")
    cards, where = page.locator(".card"), page.locator(".destination select")
    await expect(cards).to_have_count(2)
    await where.select_option("DE")
    await expect(cards).to_have_text([re.compile("box")])
    await expect(page.get_by_role("link", name="Remove the filter Deliver to: Germany")).to_be_visible()
    await page.goto(f"/search?q={word}&shipTo=US-CA")
    await expect(where.locator(":checked")).to_have_text("United States (CA)")

    await to_checkout(page, seller.products[chest])
    await page.goto(f"/search?q={word}")
    await expect(where.locator(":checked")).to_have_text("Your address (United States)")
    await expect(cards).to_have_text([re.compile("chest")])
    await where.select_option("*")
    await expect(cards).to_have_count(2)
    await expect(page.get_by_role("link", name="Remove the filter Deliver to: Anywhere")).to_be_visible()


async def test_what_delivery_costs_stands_beside_each_offer(chrome: Browser, http: httpx.AsyncClient) -> None:
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    seller, other = await open_shop(http), await open_shop(http, "Birch")
    chest = await seller.sells(sku=await seller.describes(f"{word} chest"))
    await other.sells(10, 2500, sku=chest, shipsTo=["US"])
    await other.is_found()
    page = await chrome.page()
    await page.goto(f"/product/{seller.products[chest]}")
    costs = page.locator(".offers tbody td:nth-of-type(2)")
    await expect(costs).to_have_text(["$5.99 to United States, 3 to 5 days"] * 2)
    await page.goto(f"/product/{seller.products[chest]}?shipTo=JP")
    await expect(costs).to_have_text(["$24.99 to Japan, 8 to 10 days", "Does not deliver to Japan"])
    await expect(page.locator(".buy .line").first).to_have_text("$24.99 to Japan, 8 to 10 days")
    await inspected(page, "product-delivery")


async def test_pictures_are_chosen_from_and_keep_their_place(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    sku = await seller.sells(sku=await seller.describes(f"{word} chest"))
    product_id = seller.products[sku]
    await hang(http, seller, product_id, png(SAND, OAK), "The chest from the <front>")
    await hang(http, seller, product_id, png(MOSS, SAND))
    page = await chrome.page()
    await page.goto(f"/product/{product_id}")
    large = page.locator(".stage img")
    await expect(large).to_have_attribute("alt", "The chest from the <front>")
    first = await large.get_attribute("src")
    assert await large.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0
    small = page.get_by_role("list", name="Pictures").get_by_role("button")
    await expect(small).to_have_count(2)
    await expect(small.first).to_have_accessible_name("Picture 1 of 2: The chest from the <front>")
    await inspected(page, "product-pictures", full=True)
    await small.first.focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(small.nth(1)).to_be_focused()
    await expect(small.nth(1)).to_have_attribute("aria-pressed", "true")
    await expect(small.first).to_have_attribute("aria-pressed", "false")
    await expect(large).to_have_attribute("alt", f"{word} chest")
    assert await large.get_attribute("src") != first

    await seller.is_found()
    await page.goto(f"/search?q={word}")
    shown = page.locator(".card img")
    assert await shown.get_attribute("src") == first
    sized = [await shown.get_attribute(name) for name in ("width", "height", "loading", "alt")]
    assert sized == ["500", "400", "lazy", ""]
    await shown.evaluate("one => one.decode()")
    await inspected(page, "search-pictures")


async def test_a_picture_holds_its_place_before_it_is_there(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    sku = await seller.sells(sku=await seller.describes(f"{word} chest"))
    await hang(http, seller, seller.products[sku], png(SAND, OAK, 300, 600))
    await seller.is_found()
    page = await chrome.page()
    asked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    await page.route("**/api/media/**", lambda route: asked.set_result(route))
    await page.goto(f"/search?q={word}")
    price = page.locator(".card .price")
    before = await price.bounding_box()
    await (await asked).continue_()
    await page.locator(".card img").evaluate("one => one.decode()")
    assert await price.bounding_box() == before


async def test_a_product_without_pictures_has_a_drawing(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells()
    page = await chrome.page()
    await page.goto(f"/product/{seller.products[sku]}")
    await expect(page.locator(".stage svg.drawn")).to_be_visible()
    await expect(page.locator(".gallery button, .gallery img")).to_have_count(0)


async def test_one_of_a_family_is_chosen_by_its_axes(chrome: Browser, seller: Seller) -> None:
    product_id, skus = await family(seller)
    page = await chrome.page()
    await page.goto(f"/product/{product_id}?sku={skus['black L']}")
    colour, size = (page.get_by_role("group", name=name, exact=True) for name in ("Colour", "Size"))
    buy = page.locator(".buy")
    await expect(size.get_by_role("radio", name=re.compile("^L"))).to_be_checked()
    await expect(buy).to_contain_text("$52.00")
    await expect(buy).to_contain_text("Only 2 left")
    await inspected(page, "product-family", full=True)

    await size.get_by_role("radio", name=re.compile("^L")).focus()
    await page.keyboard.press("ArrowUp")
    medium = size.get_by_role("radio", name=re.compile("^M"))
    await expect(medium).to_be_checked()
    await expect(medium).to_be_focused()
    await expect(buy).to_contain_text("$49.00")
    await expect(page).to_have_url(re.compile(f"sku={skus['black M']}$"))
    await size.get_by_role("radio", name=re.compile("^L")).check()
    await buy.get_by_role("button", name="Add to cart").click()
    await page.get_by_role("link", name="Go to the cart").click()
    await expect(page.locator(".line-item .price")).to_have_text("$52.00")
    await page.locator(".line-item .title").click()
    await expect(size.get_by_role("radio", name=re.compile("^L"))).to_be_checked()

    red = colour.get_by_role("radio", name=re.compile("^red"))
    await expect(red).to_have_accessible_name(re.compile(r"\$45\.00.*Sold out"))
    await red.check()
    await expect(medium).to_be_checked()  # nobody made a large one in red
    await expect(buy.get_by_role("button", name="Sold out")).to_be_disabled()
    await expect(buy.locator("s")).to_have_text("before $60.00")
    await expect(page.get_by_role("row", name="Colour red")).to_be_visible()
    await expect(page.get_by_role("row", name="Machine washable Yes")).to_be_visible()
    await expect(page.locator("[role=status]").last).to_have_text("red, M is chosen")
    await inspected(page, "product-family-sold-out")


async def test_a_family_on_a_phone_and_in_the_dark(chrome: Browser, seller: Seller) -> None:
    product_id, _ = await family(seller)
    page = await chrome.page(PHONE, dark=True)
    await page.goto(f"/product/{product_id}")
    await expect(page.get_by_role("radio").first).to_be_visible()
    await inspected(page, "product-family-phone-dark", full=True)


async def test_no_former_price_is_made_up_and_measures_have_their_units(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells()
    page = await chrome.page()

    async def measured(route: Any) -> None:
        answer = await route.fetch()
        body = await answer.json()
        width = {"value": 160.02, "unit": "cm", "given": "63 in"}
        body["attributes"] = {"width": width, "weight": {"value": 1200, "unit": "kg"}, "ports": ["HDMI", "USB"]}
        await route.fulfill(response=answer, json=body)

    product_id = seller.products[sku]
    await page.route(f"**/api/products/{product_id}", measured)
    await page.goto(f"/product/{product_id}")
    details = page.locator(".attributes tr")
    await expect(details).to_have_text(["Width160.02 cm (63 in)", "Weight1,200 kg", "PortsHDMI, USB"])
    await expect(page.locator("s")).to_have_count(0)


async def test_a_product_is_told_in_the_language_of_the_browser(chrome: Browser, seller: Seller) -> None:
    german = {"title": "Eichenbett", "description": "Massive Eiche.", "labels": {"material": "Werkstoff"}}
    sku = await seller.describes("Oak bed", brand="Sprachlos", texts={"de": german})
    await seller.sells(sku=sku)
    await seller.is_found()
    page = await chrome.page(locale="de-AT")
    await page.goto("/search?brand=Sprachlos")
    await page.locator(".card a").first.click()
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("Eichenbett")
    await expect(heading).to_have_attribute("lang", "de")
    await expect(page.locator(".prose")).to_contain_text("Massive Eiche.")
    await expect(page.locator(".attributes th")).to_have_text("Werkstoff")
    await inspected(page, "product-german")
    english = await chrome.page()
    await english.goto(f"/product/{seller.products[sku]}")
    await expect(english.get_by_role("heading", level=1)).to_have_text("Oak bed")
    await expect(english.locator(".attributes th")).to_have_text("Material")
