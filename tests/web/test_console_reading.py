"""What the console tells of money, orders and time, and what one finds in it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.finding.buyers import buy
from tests.e2e.market import Seller
from tests.web.browser import Browser, inspected
from tests.web.operators import operator

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
AT = "2026-01-01T00:00:00Z"


def dollars(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


def difference(status: str) -> dict[str, Any]:
    return {
        "differenceId": f"dif_{status}",
        "status": status,
        "kind": "refund_missing",
        "orderId": None,
        "ours": dollars(500),
        "theirs": dollars(0),
        "explanation": "The buyer waits for money.",
        "note": f"Asked the provider: {status}.",
        "by": "usr_01KARQ0000ABCDEFGHJKMNPQRS",
        "foundAt": AT,
        "settledAt": AT if status == "settled" else None,
    }


async def bought(http: httpx.AsyncClient, seller: Seller) -> str:
    """The id of an order just placed."""
    buyer = await buy(http, await seller.sells())
    orders = await buyer.read("/api/orders")
    order_id: str = orders["items"][0]["orderId"]
    return order_id


async def test_a_difference_says_what_was_found_out_about_it(chrome: Browser) -> None:
    page = await operator(chrome)

    async def differences(route: Any) -> None:
        status = "settled" if "status=settled" in route.request.url else "open"
        await route.fulfill(json={"items": [difference(status)], "next": None, "prev": None})

    await page.route("**/api/admin/differences?**", differences)
    await page.goto("/console/money?show=differences")
    row = page.get_by_role("row", name=re.compile("refund missing"))
    await expect(row).to_contain_text(re.compile(r"Asked the provider: open\..*by JKMNPQRS.*Decide", re.DOTALL))
    await inspected(page, "console-differences")
    await page.get_by_role("link", name="Settled").click()
    await expect(page).to_have_url(re.compile(r"show=differences&status=settled$"))
    await expect(row).to_contain_text("Asked the provider: settled.")
    await expect(row.get_by_text("Decide")).to_have_count(0)
    await expect(page.get_by_role("link", name="Differences")).to_have_attribute("aria-current", "page")
    await page.get_by_role("link", name="Open").click()
    await expect(row).to_contain_text("Asked the provider: open.")


async def test_an_order_says_all_that_was_paid_and_what_came_back(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    order_id = await bought(http, seller)
    page = await operator(chrome)

    async def with_more_paid(route: Any) -> None:
        answer = await route.fetch()
        body = await answer.json()
        body["totals"]["discount"] = dollars(250)
        body["giftCard"] = {"giftCardId": "gft_1", "amount": dollars(300)}
        body["due"] = dollars(1234)
        line = body["lines"][0]["lineId"]
        returned = {"returnId": "ret_1", "status": "REJECTED", "lines": [{"lineId": line, "quantity": 2}]}
        body["returns"] = [{**returned, "refusal": "Too late", "label": None, "received": []}]
        await route.fulfill(response=answer, json=body)

    await page.route(f"**/api/orders/{order_id}", with_more_paid)
    await page.goto(f"/console/orders/{order_id}")
    facts = page.locator("main .facts")
    await expect(facts).to_contain_text("discount −$2.50")
    await expect(facts).to_contain_text("$3.00")
    await expect(facts).to_contain_text("$12.34")
    await expect(facts).to_contain_text("rejected: 2 units, Too late")


async def test_times_go_on_while_somebody_looks(chrome: Browser, http: httpx.AsyncClient, seller: Seller) -> None:
    await bought(http, seller)
    page = await chrome.page()
    await page.clock.install()
    await page.goto("/console/orders")
    await page.get_by_label("E-mail").fill("admin@kontor.example")
    await page.get_by_label("Password").fill("kontor-demo")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    newest = page.locator("tbody tr").first.locator("time")
    await expect(newest).to_contain_text("second")
    await page.clock.fast_forward(180_000)
    await expect(newest).to_have_text(re.compile(r"^[34] minutes ago$"))


async def test_a_replay_says_when_it_ended_and_goes_on_saying_so(chrome: Browser) -> None:
    page = await operator(chrome)
    ended = {"asked": "stock", "projection": "stock", "end": "done", "said": "", "at": AT, "done": None}

    async def replayed(route: Any) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json=await answer.json() | {"replay": ended})

    await page.route("**/api/admin/projections", replayed)
    await page.goto("/console/projections")
    said = page.locator(".notice", has_text="The replay of stock is done").locator("time")
    await expect(said).to_have_attribute("datetime", AT)
    await expect(said).to_contain_text("ago")


async def test_an_order_is_found_by_the_letters_that_everybody_sees(
    chrome: Browser, http: httpx.AsyncClient, seller: Seller
) -> None:
    order_id = await bought(http, seller)
    page = await operator(chrome, "/console/orders")
    field, show = page.get_by_label("Order id"), page.get_by_role("button", name="Show", exact=True)
    await expect(page.get_by_role("link", name=order_id[-8:])).to_be_visible()
    await field.fill("zzzzzzzz")
    await show.click()
    await expect(page.get_by_role("alert")).to_contain_text("None of the orders below ends with “zzzzzzzz”")
    await expect(page.get_by_role("alert")).to_contain_text("the whole id, which begins with ord_")
    await expect(page).to_have_url(re.compile("/console/orders$"))
    await field.fill(f" {order_id[-8:].lower()} ")
    await show.click()
    await expect(page).to_have_url(re.compile(f"/console/orders/{order_id}$"))
    await page.goto("/console/orders")
    await field.fill(order_id)
    await show.click()
    await expect(page).to_have_url(re.compile(f"/console/orders/{order_id}$"))


async def test_more_is_offered_where_more_follows(chrome: Browser, http: httpx.AsyncClient, seller: Seller) -> None:
    await bought(http, seller)
    page = await operator(chrome)
    asked: list[str] = []
    follows = {"": "one", "one": "two", "two": "three", "three": None}

    async def pages(route: Any) -> None:
        """One order, nothing, one more, and nothing again."""
        cursor = next((name for name in ("one", "two", "three") if f"cursor={name}" in route.request.url), "")
        asked.append(cursor)
        [answer, body] = await taken(route)
        items = [] if cursor in ("one", "three") else body["items"][:1]
        shown = [{**item, "orderId": f"ord_{cursor or 'zero'}{item['orderId'][-8:]}"} for item in items]
        await route.fulfill(response=answer, json={"items": shown, "next": follows[cursor], "prev": None})

    async def taken(route: Any) -> list[Any]:
        answer = await route.fetch(url=re.sub(r"[?&]cursor=\w+", "", route.request.url))
        return [answer, await answer.json()]

    await page.route("**/api/admin/orders?**", pages)
    await page.goto("/console/orders")
    more = page.get_by_role("button", name="Show more")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await more.click()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await expect(more).to_have_count(0)
    assert asked == ["", "one", "two", "three"]
