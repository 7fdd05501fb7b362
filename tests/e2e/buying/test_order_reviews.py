"""Orders that somebody looks at before their money is taken: the list, the verdicts, and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commands.engine import now_ms
from kontor.folder import DataFolder
from tests.e2e.aftersale import in_stock, once, post
from tests.e2e.house import House, charges, in_process
from tests.e2e.market import Seller
from tests.e2e.shopper import HOME, Shopper, expect, fresh_key, problem

HOUR_MS = 3_600_000
LIST = "/api/admin/reviews"
NOTE = "Called the buyer back."


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", review_above=5_000, review_countries="CA", review_hours=2) as house:
        yield house


async def buys(seller: Seller, shopper: Shopper, price: int = 9_900) -> dict[str, Any]:
    await shopper.add(await seller.sells(stock=5, price=price))
    return await shopper.buy()


@pytest.fixture
async def order(seller: Seller, shopper: Shopper) -> dict[str, Any]:
    placed = await buys(seller, shopper)
    shown = (placed["status"], placed["checkout"]["state"], placed["payment"]["status"])
    assert shown == ("PENDING", "PAYMENT_AUTHORIZED", "authorized")
    return placed


async def listed(admin: Shopper, shopper: Shopper, status: str = "open", **more: Any) -> dict[str, Any]:
    admin.position = max(admin.position, shopper.position, key=int)
    query = "&".join(f"{name}={value}" for name, value in {"status": status, **more}.items())
    found: dict[str, Any] = await admin.read(f"{LIST}?{query}")
    found["items"] = [item for item in found["items"] if item["accountId"] == shopper.user_id]
    return found


async def decide(admin: Shopper, order: dict[str, Any], verdict: str, note: str | None = NOTE, key: str = "") -> Any:
    body = {"note": note} if note is not None else None
    return await post(admin, f"{LIST}/{order['orderId']}/{verdict}", body, key)


async def test_approved_it_is_paid_and_the_list_says_who_and_why(
    seller: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    [item] = (await listed(admin, shopper))["items"]
    assert (item["orderId"], item["accountId"]) == (order["orderId"], shopper.user_id)
    assert (item["status"], item["reasons"], item["amount"]) == ("open", ["amount"], order["totals"]["grand"])
    assert item["decidedAt"] is item["by"] is item["note"] is None
    key = fresh_key()
    first = await decide(admin, order, "approve", key=key)
    assert {"orderId": order["orderId"], "status": "approved"}.items() <= expect(200, first).items()
    again = await decide(admin, order, "approve", key=key)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    await once(shopper, order, status="PAID", payment="captured")
    assert (await listed(admin, shopper))["items"] == []
    [decided] = (await listed(admin, shopper, "decided"))["items"]
    assert (decided["status"], decided["by"], decided["note"]) == ("approved", admin.user_id, NOTE)
    problem(await decide(admin, order, "reject"), 409, "illegal_transition")


async def test_rejected_the_money_is_let_go_and_the_goods_go_back(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    sku = order["lines"][0]["sku"]
    await in_stock(seller, sku, committed=1, available=4)
    answer = expect(200, await decide(admin, order, "reject"))
    assert (answer["status"], answer["orderStatus"]) == ("rejected", "CANCELLED")
    shown = await once(shopper, order, status="CANCELLED", payment="voided")
    assert shown["checkout"] == {"state": "COMPENSATED", "reason": "cancelled"}
    [(_, captured, refunded, voided)] = charges(house.folder)[order["orderId"]]
    assert (captured, refunded, bool(voided)) == (0, 0, True)
    await in_stock(seller, sku, committed=0, available=5)
    assert await shopper.lines() == []
    problem(await decide(admin, order, "approve"), 409, "illegal_transition")
    assert house.problems() == []


async def test_what_is_small_and_goes_nowhere_special_is_not_looked_at(
    seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    assert (await buys(seller, shopper, price=1_999))["status"] == "PAID"
    assert (await listed(admin, shopper))["items"] == []
    canada = {**HOME, "country": "CA", "region": "ON", "postalCode": "M5V 3L9", "city": "Toronto"}
    await shopper.move_in(address=canada)
    assert (await buys(seller, shopper, price=1_999))["status"] == "PENDING"
    [item] = (await listed(admin, shopper))["items"]
    assert item["reasons"] == ["country"]


async def test_the_buyer_may_call_it_off_meanwhile(
    seller: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    expect(200, await shopper.cancel(order["orderId"]))
    await once(shopper, order, status="CANCELLED", payment="voided")
    [item] = (await listed(admin, shopper, "decided"))["items"]
    assert (item["status"], item["by"]) == ("cancelled", None)
    problem(await decide(admin, order, "approve"), 409, "illegal_transition")


async def test_the_timeline_tells_in_words_and_not_what_is_looked_for(
    shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    expect(200, await decide(admin, order, "approve"))
    await once(shopper, order, status="PAID", payment="captured")
    items = (await shopper.read(f"/api/orders/{order['orderId']}/timeline?limit=100"))["items"]
    texts = [item["text"] for item in items]
    waits = "Waits until somebody has looked at it; the goods and the money stay set aside"
    assert texts.index(waits) < texts.index("Looked at and approved") < texts.index("Order paid")
    said = str(items)
    assert NOTE not in said
    assert "'review'" not in said
    assert "'reasons'" not in said


async def test_notes_are_sealed(house: House, admin: Shopper, order: dict[str, Any]) -> None:
    expect(200, await decide(admin, order, "reject"))
    assert NOTE.encode() not in DataFolder(house.folder).log.read_bytes()


async def test_notes_are_forgotten_with_the_buyer(shopper: Shopper, admin: Shopper, order: dict[str, Any]) -> None:
    expect(200, await decide(admin, order, "reject"))
    assert (await listed(admin, shopper, "decided"))["items"][0]["note"] == NOTE
    await once(shopper, order, status="CANCELLED", payment="voided")
    expect(204, await shopper.send("DELETE", "/api/me"))
    for _ in range(40):  # a vault that is a server is asked for what is forgotten four times a second
        item = (await listed(admin, shopper, "decided"))["items"][0]
        if item["note"] is None:
            break
        await asyncio.sleep(0.05)
    assert (item["status"], item["note"]) == ("rejected", None)


async def test_only_administrators_and_only_with_a_key(
    seller: Seller, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    problem(await shopper.send("GET", LIST), 403, "forbidden")
    for somebody in (shopper, seller.shopper):
        problem(await decide(somebody, order, "approve"), 403, "forbidden")
    path = f"{LIST}/{order['orderId']}/approve"
    problem(await admin.send("POST", path, {"note": NOTE}), 400, "idempotency_key_missing")
    problem(await post(admin, path, {"note": "4242 4242 4242 4242"}), 422, "validation_failed", "#/note")
    unknown = {"orderId": order["orderId"][:-1] + "!"}
    problem(await decide(admin, unknown, "approve"), 404, "not_found")
    assert (await listed(admin, shopper))["items"][0]["status"] == "open"


async def test_pages_go_on_where_the_last_ended(seller: Seller, shopper: Shopper, admin: Shopper) -> None:
    placed = [(await buys(seller, shopper))["orderId"] for _ in range(3)]
    seen: list[str] = []
    more: dict[str, Any] = {}
    for _ in range(3):
        found = await listed(admin, shopper, limit=1, **more)
        seen += [item["orderId"] for item in found["items"]]
        more = {"cursor": found["next"]}
    assert (seen, more) == (placed, {"cursor": None})


@pytest.mark.slow
async def test_nobody_looks_at_it_in_time(
    house: House, shopper: Shopper, admin: Shopper, order: dict[str, Any]
) -> None:
    assert await house.services.follower.wait_for(house.services.engine.position, 5)
    house.services.engine.clock = lambda: now_ms() + 2 * HOUR_MS + 1
    await once(shopper, order, status="CANCELLED", payment="voided")
    [item] = (await listed(admin, shopper, "decided"))["items"]
    assert (item["status"], item["by"], item["note"]) == ("rejected", None, None)
    items = (await shopper.read(f"/api/orders/{order['orderId']}/timeline?limit=100"))["items"]
    assert "Rejected: nobody had looked at it in time" in [item["text"] for item in items]
