"""The pull feed over HTTP: everything that happened, in order, without holes, for administrators."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from streams.outgoing.published import wanted_after
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import HOME, Shopper, problem


async def all_events(admin: Shopper, query: str = "", limit: int = 50, after: str = "") -> list[dict[str, Any]]:
    """Page after page, until one is empty."""
    found: list[dict[str, Any]] = []
    while True:
        body = await admin.do("GET", f"/api/events?after={after}&limit={limit}{query}")
        assert len(body["items"]) <= limit
        if not body["items"]:
            return found
        found += body["items"]
        after = body["next"]


async def test_every_event_in_order_and_nothing_personal(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    await shopper.add(await seller.sells())
    order = await shopper.buy()
    head = await house.head()
    events = (await all_events(admin))[:head]
    assert [event["position"] for event in events] == [str(number) for number in range(1, head + 1)]
    of_order = [event["type"] for event in events if event["stream"] == order["orderId"]]
    assert of_order == ["order.placed", "order.confirmed", "order.paid"]
    open_to_tax = {HOME["country"], HOME["region"]}
    secrets = {*HOME.values(), shopper.email, "pm_card_visa"} - open_to_tax
    assert not [secret for secret in secrets if secret in str(events)]


async def test_only_the_types_that_are_asked_for(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    await shopper.add(await seller.sells())
    before = str(await house.head())
    await shopper.buy()
    events = await all_events(admin, "&types=order.paid,payment.*", limit=2, after=before)
    assert {event["type"] for event in events} == {
        "payment.authorization_requested",
        "payment.authorized",
        "payment.capture_requested",
        "payment.captured",
        "order.paid",
    }


async def test_who_has_seen_everything_waits_for_the_next(house: House, seller: Seller, admin: Shopper) -> None:
    head = await house.head()
    waiting = asyncio.create_task(
        admin.send("GET", f"/api/events?after={head}&types=product.created", Prefer="wait=10")
    )
    await asyncio.sleep(0.05)
    assert not waiting.done()
    sku = await seller.describes()
    answer = await waiting
    assert [event["data"]["variants"][0]["sku"] for event in answer.json()["items"]] == [sku]
    assert answer.headers["Preference-Applied"] == "wait=10"
    after = answer.json()["next"]
    empty = await admin.do("GET", f"/api/events?after={after}&types=product.created", Prefer="wait=0")
    assert (empty["items"], int(empty["next"]) >= int(after)) == ([], True)


async def test_who_says_nothing_of_waiting_waits_a_second(house: House, seller: Seller, admin: Shopper) -> None:
    """As every query does that would have to wait."""
    head = await house.head()
    waiting = asyncio.create_task(admin.send("GET", f"/api/events?after={head}&types=product.created"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    sku = await seller.describes()
    answer = await waiting
    assert [event["data"]["variants"][0]["sku"] for event in answer.json()["items"]] == [sku]
    assert "Preference-Applied" not in answer.headers


async def test_what_is_rare_is_found_behind_much_else(
    house: House, seller: Seller, admin: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    sku = await seller.describes()
    monkeypatch.setattr("streams.outgoing.published.READ_PAGE", 2)
    monkeypatch.setattr("readapi.routes.events.wanted_after", partial(wanted_after, scanned_max=2))
    page = await admin.do("GET", "/api/events?types=product.created&limit=1")
    assert [event["data"]["variants"][0]["sku"] for event in page["items"]] == [sku]


async def test_a_page_is_bounded_in_bytes(seller: Seller, admin: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        await seller.describes()
    monkeypatch.setattr("readapi.routes.events.BYTES_MAX", 900)
    page = await admin.do("GET", "/api/events?types=product.created")
    assert 1 <= len(page["items"]) < 4
    assert page["next"] == page["items"][-1]["position"]
    monkeypatch.setattr("readapi.routes.events.BYTES_MAX", 1)
    assert len(await all_events(admin, "&types=product.created")) == 4


async def test_the_feed_is_for_administrators(seller: Seller, shopper: Shopper, visitor: Shopper) -> None:
    problem(await visitor.send("GET", "/api/events"), 401, "unauthenticated")
    problem(await shopper.send("GET", "/api/events"), 403, "forbidden")
    problem(await seller.shopper.send("GET", "/api/events"), 403, "forbidden")


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "types=order.payed", "types=,", "limit=0", "limit=1001", f"types={'a.b,' * 101}"]
)
async def test_what_makes_no_sense_is_refused(admin: Shopper, query: str) -> None:
    problem(await admin.send("GET", f"/api/events?{query}"), 422, "validation_failed")


async def test_a_position_that_is_not_there_yet(admin: Shopper) -> None:
    answer = await admin.send("GET", "/api/events", Kontor_Min_Position="999999")
    problem(answer, 503, "position_not_reached")
