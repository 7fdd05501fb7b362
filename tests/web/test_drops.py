"""A drop, in a browser: the countdown, the line, one's turn, and the order."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import expect

from readapi.instants import instant
from tests.e2e.market import Seller
from tests.web.browser import Browser, inspected
from tests.web.walking import give_address, pay, register

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]

OPENS_IN_S = 20


async def announced(seller: Seller, sku: str) -> None:
    body = {
        "shopId": seller.shop_id,
        "sku": sku,
        "opensAt": instant(int((time.time() + OPENS_IN_S) * 1000)),
        "perMinute": 60_000,
    }
    await seller.shopper.do("POST", "/api/drops", body, 201)


async def test_who_waits_in_line_buys_when_it_is_their_turn(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells(stock=1, limitPerAccount=1, sku=await seller.describes("Trainers of the year"))
    product_id = seller.products[sku]
    await seller.shopper.read(f"/api/products/{product_id}")
    page, other = await chrome.page(), await chrome.page()
    for one in (page, other):
        await one.goto(f"/sign-in?to=/product/{product_id}")
        await register(one)
        await expect(one.get_by_role("heading", level=1)).to_have_text("Trainers of the year")
    await page.reload()
    await announced(seller, sku)
    for one in (page, other):  # at once: what the browser heard just before the announcement is not to be shown
        await one.goto(f"/product/{product_id}")
        await expect(one.get_by_text("Opens ")).to_be_visible()
        await one.get_by_role("button", name="Join the line").click()
        await expect(one.get_by_text("You are in the draw", exact=True)).to_be_visible()
    await inspected(page, "drop-announced")
    await page.reload()
    await expect(page.get_by_text("You are in the draw", exact=True)).to_be_visible()
    admitted = page.get_by_text("It is your turn", exact=True)
    missed = page.get_by_text("Just missed, for now", exact=True)
    await expect(admitted.or_(missed)).to_be_visible(timeout=60_000)
    winner, loser = (page, other) if await admitted.is_visible() else (other, page)
    await expect(loser.get_by_text("Just missed, for now", exact=True)).to_be_visible()
    await expect(winner.get_by_text("Open since")).to_be_visible()
    await inspected(winner, "drop-admitted")
    await winner.get_by_role("button", name="Buy now").click()
    await give_address(winner)
    await pay(winner).click()
    await expect(winner.get_by_text("Thank you, your order is paid")).to_be_visible()
    sold_out = loser.get_by_role("region", name="Drop").get_by_text("Sold out", exact=True)
    await expect(sold_out).to_be_visible(timeout=60_000)
    await inspected(loser, "drop-sold-out")
