"""Which of a picture's renditions a browser takes, in lists and on pages, and what it does without them."""

from __future__ import annotations

import re
import uuid
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.streams.renditions.samples import photo
from tests.web.browser import PHONE, Browser, inspected
from tests.web.pictures import hang

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]

DECODED = "one => one.decode().then(() => one.currentSrc)"


async def chest(http: httpx.AsyncClient, seller: Seller, *bodies: bytes) -> tuple[str, str]:
    """A word that finds it, and its id."""
    word = f"Zirbel{uuid.uuid4().hex[:6]}"
    sku = await seller.sells(sku=await seller.describes(f"{word} chest"))
    for body in bodies:
        await hang(http, seller, seller.products[sku], body)
    await seller.is_found()
    return word, seller.products[sku]


async def taken(shown: Any) -> str:
    """The longer side of the rendition that is shown; the file's ending where it is the picture itself."""
    address = await shown.evaluate(DECODED)
    return re.sub(r".*?([^.]+)(\.webp)?$", r"\1", address)


async def test_lists_and_pages_take_what_their_frames_need(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    word, product_id = await chest(http, seller, photo(1600, 1200), photo(1200, 1600))
    page = await chrome.page()
    await page.goto(f"/search?q={word}")
    card = page.locator(".card img")
    assert await taken(card) == "320"
    assert [await card.get_attribute(name) for name in ("width", "height", "loading")] == ["1280", "960", "lazy"]
    await inspected(page, "search-renditions")

    page = await chrome.page()  # somebody else: what one has already seen is taken again, if it is large enough
    await page.goto(f"/product/{product_id}")
    large, small = page.locator(".stage img"), page.locator(".gallery button img")
    assert await taken(large) == "640"
    assert [await large.get_attribute(name) for name in ("width", "height")] == ["1600", "1200"]
    assert await taken(small.nth(0)) in ("160", "640"), "perhaps the one that is there already"
    assert await taken(small.nth(1)) == "160"
    await small.nth(1).click()
    await expect(large).to_have_attribute("width", "1200")
    assert await taken(large) == "640", "the taller one fills less of the frame, and no more is taken than that"


async def test_a_telephone_takes_what_its_frames_need(chrome: Browser, http: httpx.AsyncClient, seller: Seller) -> None:
    word, product_id = await chest(http, seller, photo(1600, 1200))
    page = await chrome.page(PHONE)
    await page.goto(f"/search?q={word}")
    assert await taken(page.locator(".card img")) == "160"
    page = await chrome.page(PHONE)
    await page.goto(f"/product/{product_id}")
    assert await taken(page.locator(".stage img")) == "640"


async def test_where_a_rendition_does_not_come_the_picture_itself_is_shown(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    word, _ = await chest(http, seller, photo(800, 600))
    page = await chrome.page()
    await page.route("**/*.webp", lambda route: route.fulfill(status=503, body=""))
    await page.goto(f"/search?q={word}")
    card = page.locator(".card img")
    await expect(card).not_to_have_attribute("srcset", re.compile("."))
    assert await taken(card) == "jpg"
    await page.route("**/*.jpg", lambda route: route.fulfill(status=503, body=""))
    await page.reload()
    await expect(page.locator(".card svg.drawn")).to_be_visible()


CHOSEN = ("width", "height", "sizes", "srcset", "src", "loading", "decoding", "alt")


async def images(page: Any, where: str) -> list[list[str | None]]:
    """What their elements say that a browser chooses by."""
    await expect(page.locator(where).first).to_be_visible()
    shown = await page.locator(where).all()
    return [[await one.get_attribute(name) for name in CHOSEN] for one in shown]


async def test_the_first_answer_offers_what_the_scripts_offer_so_nothing_is_loaded_twice(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    _, product_id = await chest(http, seller, photo(1600, 1200), photo(900, 1150))
    path = f"/product/{product_id}"
    plain = await (await chrome.person(scripts=False)).new_page()
    await plain.goto(path)
    first = await images(plain, ".gallery img")
    assert [one[3].count(".webp ") for one in first] == [4, 4, 4], "the large one, and both below it"
    page = await chrome.page()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    await page.goto(path)
    await expect(page.locator(".gallery button")).to_have_count(2)
    assert await images(page, ".gallery img") == first
    pictures = [url for url in fetched if "/api/media/" in url]
    assert len(pictures) == len(set(pictures)) in (2, 3)
