"""Answers that come late, in another order or not at all: pages end up at what is true, and ask no more than needed."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller
from tests.waiting import until
from tests.web.browser import Browser
from tests.web.operators import bought, operator
from tests.web.walking import put_into_cart

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
AWAY = {"title": "Storage unavailable", "status": 503, "code": "storage_unavailable", "detail": "planted"}


class Away:
    """Answers in the place of the service, until that is back."""

    def __init__(self) -> None:
        self.refused = 0
        self.back = False

    async def __call__(self, route: Any) -> None:
        if self.back:
            await route.continue_()
            return
        self.refused += 1
        await route.fulfill(status=503, body=json.dumps(AWAY), content_type="application/problem+json")

    async def was_asked_again(self) -> None:
        """By more than one round of a page, each of which tries three times."""
        enough = self.refused + 4
        await until(lambda: self.refused >= enough, 70)


class Held:
    """Lets requests through, and their answers when it is told to."""

    def __init__(self) -> None:
        self.asked = self.answered = 0
        self.released = asyncio.Event()

    async def __call__(self, route: Any) -> None:
        self.asked += 1
        answer = await route.fetch()
        body = await answer.body()  # the browser forgets an answer that is held for long
        self.answered += 1
        await self.released.wait()
        await route.fulfill(status=answer.status, headers=answer.headers, body=body)


async def test_an_order_is_asked_for_until_it_is_shown(chrome: Browser, seller: Seller) -> None:
    page = await bought(chrome, seller)
    order_id = page.url.rsplit("/", 1)[-1]
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    other = await page.context.new_page()
    await other.goto(page.url)
    console = await operator(chrome, f"/console/orders/{order_id}")
    watching: list[tuple[Any, Away]] = [(other, Away()), (console, Away())]
    for one, away in watching:
        await expect(one.locator(".status", has_text="Paid")).to_be_visible()
        await one.route(f"**/api/orders/{order_id}", away)
    await page.get_by_role("button", name="Cancel this order").click()
    await expect(page.locator(".timeline")).to_contain_text("Refunded: ")  # nothing more will happen to it
    await asyncio.gather(*(away.was_asked_again() for _, away in watching))
    for one, away in watching:
        away.back = True
        over = one.locator(".status", has_text="Cancelled").or_(one.locator(".status", has_text="Refunded"))
        await expect(over).to_be_visible()
    await expect(other.get_by_role("button", name="Cancel this order")).to_have_count(0)


async def test_a_page_that_is_looked_at_again_does_not_ask_twice_at_once(chrome: Browser, seller: Seller) -> None:
    page = await bought(chrome, seller)
    timeline = Held()
    await page.route("**/api/orders/*/timeline", timeline)
    await until(lambda: timeline.asked > 0, 70)
    for _ in range(5):
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.wait_for_timeout(500)
    assert timeline.asked == 1
    timeline.released.set()
    await until(lambda: timeline.asked > 1, 70)


async def test_the_latest_cart_is_shown_and_its_position_named(chrome: Browser, seller: Seller) -> None:
    titles = ["Oak trunk", "Pine trunk"]
    skus = [await seller.sells(sku=await seller.describes(title)) for title in titles]
    page = await chrome.page()
    for sku in skus:
        await put_into_cart(page, seller.products[sku])
    await page.goto("/cart")
    first, second = [page.get_by_label(f"Quantity of {title}") for title in titles]
    held, sent = Held(), []

    async def hold_the_first(route: Any) -> None:
        if route.request.method == "PATCH" and not sent:
            sent.append(route.request.url)
            await held(route)
        else:
            await route.continue_()

    await page.route("**/api/cart/items/*", hold_the_first)
    await first.select_option("2")
    await until(lambda: held.answered > 0, 70)
    await second.select_option("3")
    await expect(page.get_by_role("link", name=re.compile("Cart.*5 items"))).to_be_visible()
    position = await page.evaluate("sessionStorage.getItem('kontor.position')")
    async with page.expect_response(sent[0]):
        held.released.set()
    await page.wait_for_timeout(500)
    await expect(first).to_have_value("2")
    await expect(second).to_have_value("3")
    await expect(page.get_by_role("link", name=re.compile("Cart.*5 items"))).to_be_visible()
    assert await page.evaluate("sessionStorage.getItem('kontor.position')") == position


async def test_of_several_logs_the_later_position_of_each_counts(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/")
    pairs = [["9", "10"], ["10", "9"], ["3.40", "5.7"], ["10", "3.4"], ["x", "3"], ["9" * 18, "1" + "0" * 18]]
    found = await page.evaluate(
        """async (pairs) => {
            const main = document.querySelector("script[src$='shop/main.js']").src;
            const { later } = await import(main.replace("shop/main.js", "lib/position.js"));
            return pairs.map(([before, token]) => later(before, token));
        }""",
        pairs,
    )
    assert found == ["10", "10", "5.40", "3.4", "3", "1" + "0" * 18]
