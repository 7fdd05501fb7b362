"""What buyers do with an order that has come: send it back, review it, rate its seller; and what others then read."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, fresh_key, sign_up
from tests.web.browser import PHONE, Browser, inspected
from tests.web.people import buyer, delivers, signed_in

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]


async def bought(http: httpx.AsyncClient, seller: Seller, quantity: int = 1) -> tuple[Shopper, dict[str, Any]]:
    """Somebody who has paid for something of the seller's."""
    shopper = await buyer(http)
    await shopper.add(await seller.sells(), quantity)
    order = await shopper.buy()
    assert order["status"] == "PAID"
    return shopper, order


async def decided(seller: Seller, order: dict[str, Any], number: int, step: str, body: dict[str, Any]) -> None:
    """The seller's word on a return of the order."""
    path = f"/api/shops/{seller.shop_id}/orders"
    listed = await seller.shopper.read(path, Kontor_Min_Position=order["position"])
    asked = listed["items"][0]["returns"][number]["returnId"]
    path = f"/api/orders/{order['orderId']}/returns/{asked}/{step}"
    await seller.shopper.do("POST", path, body, Idempotency_Key=fresh_key())


async def test_what_has_come_is_sent_back(chrome: Browser, http: httpx.AsyncClient, seller: Seller) -> None:
    shopper, order = await bought(http, seller, 3)
    title = order["lines"][0]["title"]
    page = await chrome.page()
    await signed_in(page, shopper, f"/orders/{order['orderId']}")
    await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
    await expect(page.get_by_text("Send something back")).to_have_count(0)
    await delivers(seller, order)

    await page.get_by_text("Send something back to Nordwald").click()
    form = page.locator("form", has=page.get_by_role("button", name="Ask to send it back"))
    await form.get_by_label(f"How many of {title}").select_option("0")
    await form.get_by_role("button").click()
    await expect(page.get_by_text("Choose how many go back")).to_be_visible()
    await form.get_by_label(f"How many of {title}").select_option("2")
    await form.get_by_label("Why").fill("too small")
    await inspected(page, "order-return", full=True)
    await form.get_by_role("button").click()
    asked = page.locator("section", has=page.get_by_role("heading", name="Returns")).get_by_role("listitem")
    await expect(asked).to_contain_text(f"2 × {title}")
    await expect(asked).to_contain_text("Asked for")
    shown = await shopper.order(order["orderId"])
    assert [line["reason"] for line in shown["returns"][0]["lines"]] == ["too small"]

    await decided(seller, shown, 0, "approve", {"carrier": "UPS", "tracking": "1Z9"})
    await expect(asked).to_contain_text("Send it with UPS, 1Z9")
    await page.get_by_text("Send something back to Nordwald").click()
    await form.get_by_label(f"How many of {title}").select_option("1")  # that is all that is left
    await form.get_by_role("button").click()
    await expect(asked).to_have_count(2)
    await expect(page.get_by_text("Send something back")).to_have_count(0)
    await decided(seller, await shopper.order(order["orderId"]), 1, "reject", {"reason": "worn"})
    await expect(asked.nth(1)).to_contain_text("The seller says: worn")
    await expect(asked.nth(1)).to_contain_text("Refused")
    await inspected(page, "order-returns", full=True)


async def test_a_buyer_writes_a_review(chrome: Browser, http: httpx.AsyncClient, seller: Seller) -> None:
    shopper, order = await bought(http, seller)
    line = order["lines"][0]
    page = await chrome.page(PHONE)
    await signed_in(page, shopper, f"/orders/{order['orderId']}")
    await page.get_by_text(f"Review {line['title']}").click()
    await page.get_by_label(f"How is {line['title']}?").select_option("2")
    await page.get_by_label("In a few words").fill("Creaks")
    text = page.get_by_label("What should others know?")
    await text.fill("It creaks\nat night.")
    await delivers(seller, order)
    await expect(page.locator(".timeline")).to_contain_text("Shipment delivered")
    await expect(text).to_have_value("It creaks\nat night.")  # what is drawn anew leaves alone what is written
    await inspected(page, "order-review", full=True)
    await page.get_by_role("button", name="Send the review").click()
    await expect(page.get_by_text("Thank you.")).to_be_visible()
    again = await chrome.page()  # another device knows of it too
    await signed_in(again, shopper, f"/orders/{order['orderId']}")
    await again.get_by_text(f"Change your review of {line['title']}").click()
    await expect(again.get_by_label(f"How is {line['title']}?")).to_have_value("2")
    await page.get_by_role("link", name="See it there").click()
    said = page.locator(".reviews li")
    await expect(said).to_contain_text("2 of 5 stars Creaks")
    await expect(said).not_to_contain_text("1 review")
    await expect(said.locator("p").nth(1)).to_have_text("It creaks")


async def test_more_reviews_are_shown_when_asked_for(chrome: Browser, http: httpx.AsyncClient, seller: Seller) -> None:
    sku = await seller.sells()
    product_id = seller.products[sku]
    for number in range(6):
        shopper = await buyer(http, sku)
        await shopper.buy()
        body = {"rating": 4, "title": f"Opinion {number}"}
        await shopper.do("POST", f"/api/products/{product_id}/reviews", body, 201)
    await shopper.read(f"/api/products/{product_id}/reviews")
    page = await chrome.page()
    await page.goto(f"/product/{product_id}")
    said = page.locator(".reviews li")
    await expect(said).to_have_count(5)
    await expect(page.get_by_text("Opinion 0")).to_have_count(0)
    await page.get_by_role("button", name="Show more reviews").click()
    await expect(said).to_have_count(6)
    await expect(said.nth(5)).to_be_focused()
    await expect(said.nth(5)).to_contain_text("Opinion 0")
    await expect(page.get_by_role("button", name="Show more reviews")).to_have_count(0)
    await inspected(page, "product-reviews", full=True)


async def test_sellers_are_rated_by_name_and_that_is_remembered(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    other = await open_shop(http, "Oakridge")
    shopper = await (await sign_up(http)).move_in()
    for shop in (seller, other):
        await shopper.add(await shop.sells())
    order = await shopper.buy()
    for shop in (seller, other):
        await delivers(shop, order)
    page = await chrome.page()
    await signed_in(page, shopper, f"/orders/{order['orderId']}")
    rating = page.locator("form", has=page.get_by_label("How was Oakridge?"))
    await rating.get_by_label("How was Oakridge?").select_option("4")
    await rating.get_by_role("button", name="Rate", exact=True).click()
    await expect(page.get_by_text("Thank you.")).to_be_visible()
    again = await chrome.page()  # another device knows of it too
    await signed_in(again, shopper, f"/orders/{order['orderId']}")
    await expect(again.get_by_text("You gave 4 stars.")).to_be_visible()
    await expect(again.get_by_label("How was Oakridge?")).to_have_value("4")
    await expect(again.get_by_role("button", name="Rate again")).to_have_count(1)
    await expect(again.get_by_label("How was Nordwald?")).to_have_value("5")
    await expect(again.get_by_text(re.compile("How was seller"))).to_have_count(0)
