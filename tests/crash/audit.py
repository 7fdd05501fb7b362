"""What must be true after a crash, by the journal of the clients, the services' answers and the provider's records."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from kontor.proving.verifying import verify
from tests.crash.load import HOT_STOCK, Journal, Market, deliver, place
from tests.e2e.house import charges
from tests.e2e.shopper import Shopper, under_way

SETTLED_S = 30.0


def log_is_sound(folder: Path) -> None:
    report = verify(folder / "log.db")
    assert report.ok, report.problems[:5]


async def repeat_what_was_not_answered(market: Market) -> None:
    """As clients do. An order that came to be before the crash is answered with, and not placed again."""
    for attempt in market.journal.attempts:
        if attempt.unanswered:
            await place(market.journal, attempt)
    for delivery in market.journal.deliveries:
        if not delivery.acknowledged:
            await deliver(market, delivery)


async def acknowledged_is_there(market: Market, since: int) -> None:
    """Carts as new as was said, and every order acknowledged since the attempt number ``since``."""
    for shopper in market.shoppers:
        cart = await shopper.do("GET", "/api/cart")
        assert cart["version"] >= market.journal.carts.get(shopper.user_id, 0), "a cart lost a change"
    for attempt in market.journal.attempts[since:]:
        if attempt.order_id:
            await attempt.shopper.do("GET", f"/api/orders/{attempt.order_id}")


async def nothing_oversold(market: Market) -> None:
    """Deliveries count once each, answered or not; never more is promised than there is."""
    delivered = HOT_STOCK + sum(one.quantity for one in market.journal.deliveries)
    row = await market.seller.stock(market.hot)
    assert row["onHand"] == delivered, (row, delivered)
    assert row["available"] >= 0, row
    assert row["committed"] + row["held"] <= row["onHand"], row


async def everything_settles(market: Market, within: float = SETTLED_S) -> dict[str, dict[str, Any]]:
    """All orders by id, once each is PAID or CANCELLED with its compensation done."""
    deadline = time.monotonic() + within
    while True:
        orders = [order for shopper in market.shoppers for order in await history(shopper)]
        waiting = [order for order in orders if under_way(order)]
        if not waiting:
            return {order["orderId"]: order for order in orders}
        assert time.monotonic() < deadline, f"{len(waiting)} orders do not settle, such as {waiting[0]}"
        await asyncio.sleep(0.2)


async def history(shopper: Shopper) -> list[dict[str, Any]]:
    orders, cursor = [], ""
    while True:
        page = await shopper.read(f"/api/orders?limit=100{cursor and '&cursor=' + cursor}")
        orders += page["items"]
        if page["next"] is None:
            return orders
        cursor = page["next"]


def one_order_for_each_attempt(journal: Journal, orders: dict[str, Any]) -> None:
    placed = journal.placed()
    assert placed == set(orders), f"lost {placed - set(orders)}, nobody was told of {set(orders) - placed}"


def money_is_right(folder: Path, orders: dict[str, dict[str, Any]]) -> None:
    """By the provider's own records: nobody charged twice, paid orders in full, cancelled ones not at all."""
    charged = charges(folder)
    assert set(charged) <= set(orders), "charges that belong to no order"
    for order_id, order in orders.items():
        of_order = charged.get(order_id, [])
        assert len(of_order) <= 1, f"{order_id} has {len(of_order)} charges"
        kept = sum(captured - refunded for _, captured, refunded, _ in of_order)
        owed = order["totals"]["grand"]["amount"] if order["status"] == "PAID" else 0
        assert kept == owed, f"{order_id} is {order['status']}: {kept} taken, {owed} owed"
        set_aside = sum(1 for _, captured, _, voided in of_order if not captured and not voided)
        assert not set_aside, f"{order_id} is {order['status']} and its money is still set aside"


def units_are_right(market: Market, row: dict[str, int], orders: dict[str, dict[str, Any]]) -> None:
    """What is committed is what was sold."""
    lines = (line for order in orders.values() if order["status"] == "PAID" for line in order["lines"])
    sold = sum(line["quantity"] for line in lines if line["sku"] == market.hot)
    assert row["committed"] == sold, (row, sold)
    assert row["held"] == 0, row
