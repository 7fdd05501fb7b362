"""The operator's console: who may see it, what its panels show, and what is decided there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from kontor.replay.noting import noting
from kontor.settings import Settings
from tests.e2e.house import kontor
from tests.e2e.market import Seller
from tests.web.browser import PHONE, Browser, inspected, require_fitting
from tests.web.conftest import REVIEWED_ABOVE
from tests.web.operators import bought, operator, sign_in

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
FOLDING = {"position": 50_000, "upto": 200_000, "events_per_s": 25_000, "rows_per_s": 7_000, "left_s": 150.0}
PANELS = ("Orders", "Stock", "Reviews", "Money", "History", "Projections", "Parked")


async def test_only_administrators_see_panels(chrome: Browser) -> None:
    page = await chrome.page()
    await page.goto("/console/orders")
    await expect(page.get_by_role("heading", name="Sign in to the console")).to_be_visible()
    await inspected(page, "console-sign-in")
    await sign_in(page, "shopper@kontor.example")
    await expect(page.get_by_text("This account is no administrator's")).to_be_visible()
    assert await page.locator("table").count() == 0
    await sign_in(page, "admin@kontor.example")
    await expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()


async def test_every_panel(chrome: Browser, seller: Seller) -> None:
    order = await bought(chrome, seller)
    last = order.url[-8:]
    page = await operator(chrome)
    await expect(page.get_by_role("link", name=last)).to_be_visible()
    await inspected(page, "console")
    for panel in PANELS:
        await page.get_by_role("navigation", name="Console").get_by_role("link", name=panel).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            re.compile(panel if panel != "Reviews" else "review")
        )
        await inspected(page, f"console-{panel.lower()}")
    await page.goto("/console/orders")
    await page.get_by_role("link", name=last).click()
    await expect(page.locator(".timeline")).to_contain_text("order.placed")
    await expect(page.get_by_role("region", name="Lines").get_by_role("row").last).to_contain_text("Nordwald")
    await page.locator(".timeline summary").first.click()
    await inspected(page, "console-order", full=True)


async def test_stock_of_a_shop(chrome: Browser, seller: Seller) -> None:
    sku = await seller.sells(stock=7)
    page = await operator(chrome, f"/console/stock?shop={seller.shop_id}")
    row = page.get_by_role("row", name=re.compile(sku))
    await expect(row).to_contain_text("7")
    await page.get_by_label("From SKU").fill("~")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_text("No SKU comes after ~.")).to_be_visible()
    await page.get_by_label("From SKU").fill(sku[:-1])
    await page.get_by_label("From SKU").press("Enter")
    await expect(row).to_contain_text("7")
    await inspected(page, "console-stock-from")
    await page.get_by_label("Shop").select_option("Harbor Electronics")
    await expect(page.get_by_text(re.compile("Harbor Electronics: ")).first).to_be_visible()
    await expect(row).to_have_count(0)


async def test_an_order_as_it_was(chrome: Browser, seller: Seller) -> None:
    order = await bought(chrome, seller)
    page = await operator(chrome, f"/console/orders/{order.url.rpartition('/')[2]}")
    await page.get_by_role("link", name="As it was").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("History")
    await expect(page.get_by_label("State of ord_")).to_contain_text("PaidOrder")
    await page.get_by_label("Compared with").fill("1")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("row", name=re.compile("order.placed"))).to_be_visible()
    await expect(page.get_by_text("Before: not there yet.").first).to_be_visible()
    await inspected(page, "console-history", full=True)
    await page.get_by_label("As of").fill("yesterday")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("alert")).to_contain_text("an RFC 3339 instant")


async def test_an_order_is_approved_while_its_buyer_looks_on(chrome: Browser, seller: Seller) -> None:
    buyer = await bought(chrome, seller, REVIEWED_ABOVE + 1)
    await expect(buyer.locator(".timeline")).to_contain_text("Waits until somebody has looked at it")
    page = await operator(chrome, "/console/reviews")
    card = page.locator("li.panel", has=page.get_by_role("link", name=buyer.url[-8:]))
    await inspected(page, "console-reviews-waiting")
    await card.get_by_label("Note").fill("Called the buyer back.")
    await card.get_by_role("button", name="Approve").click()
    await expect(card).to_have_count(0)
    await page.get_by_role("link", name="Decided").click()
    await expect(page.get_by_role("row", name=re.compile(buyer.url[-8:]))).to_contain_text("approved")
    await expect(page.get_by_role("row", name=re.compile(buyer.url[-8:]))).to_contain_text("Called the buyer back.")
    await expect(buyer.get_by_text("Thank you, your order is paid")).to_be_visible()


async def test_the_newest_order_shows_by_itself(chrome: Browser, seller: Seller) -> None:
    page = await operator(chrome)
    await expect(page.get_by_role("heading", name="Newest orders")).to_be_visible()
    order = await bought(chrome, seller)
    await expect(page.get_by_role("link", name=order.url[-8:])).to_be_visible()


async def test_a_replay_says_how_far_it_is_and_how_it_ended(chrome: Browser, data: Path) -> None:
    page = await operator(chrome, "/console/projections")
    ended = await asyncio.to_thread(kontor, "replay", "stock", data=data)
    assert ended.returncode == 0, ended.stderr
    await expect(page.get_by_text("The replay of stock is done")).to_be_visible()
    await expect(page.get_by_text(re.compile("Stock: swapped as of event .* the old one is kept"))).to_be_visible()
    with noting("all", Settings(data=data)) as note:
        note.folding("all", FOLDING)
        replay = page.get_by_role("region", name="Replay")
        await expect(replay.get_by_role("heading", name="All is being built anew")).to_be_visible()
        await expect(replay.get_by_role("progressbar")).to_have_attribute("value", "0.25")
        for figure in ("50,000 of 200,000 events", "25,000 a second", "7,000 a second", "3 min"):
            await expect(replay).to_contain_text(figure)
        await inspected(page, "console-replay")
    await expect(replay).to_have_count(0)
    await expect(page.get_by_text("The replay of all is done")).to_be_visible()


async def test_on_a_phone_in_the_dark(chrome: Browser) -> None:
    page = await operator(chrome, size=PHONE, dark=True)
    await inspected(page, "console-phone-dark")
    for panel in ("orders", "stock", "projections"):
        await page.goto(f"/console/{panel}")
        await expect(page.locator("table")).to_be_visible()
        await require_fitting(page)
