"""What leaves Kontor, on the full profile: webhooks, mail, the feed, and what operators see of it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from streams.gateways.signatures import Signer
from tests.e2e.market import open_shop
from tests.e2e.shopper import Shopper, expect, sign_up
from tests.full.operating import in_charge
from tests.full.processes import deployed, namespace
from tests.mailserver import mail_server
from tests.receiver import receiving

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


async def parked(root: Shopper) -> list[Any]:
    """Once both stores have said; one that is slow is told as unknown."""
    until = time.monotonic() + 30
    while (answer := await root.read("/api/admin/parked"))["unknown"]:
        assert time.monotonic() < until, answer
        await asyncio.sleep(0.5)
    items: list[Any] = answer["items"]
    return items


async def test_a_paid_order_is_told_and_operators_see_it(tmp_path: Path) -> None:
    async with receiving() as receiver, mail_server() as box:
        settings = {
            "KONTOR_WEBHOOKS_PRIVATE": "true",
            "KONTOR_SMTP_URL": box.url,
            "KONTOR_MAIL_FROM": "orders@shop.example",
        }
        with namespace() as environment:
            async with deployed(environment | settings, tmp_path, "write", "read", "relay", "work") as house:
                root = await in_charge(house, tmp_path / "cli")
                wanted = {"url": receiver.url, "types": ["order.paid"]}
                created = await root.do("POST", "/api/subscriptions", wanted, 201)
                seller, shopper = await open_shop(house.http), await (await sign_up(house.http)).move_in()
                await shopper.add(await seller.sells())
                order = await shopper.buy()
                assert order["status"] == "PAID"
                [call] = await receiver.got(1, 30)
                assert call.json["stream"] == order["orderId"]
                Signer(created["secret"]).verify(call.headers, call.body, int(call.headers["webhook-timestamp"]))
                [letter] = await box.got(1, 30)
                assert letter["Subject"] == f"Your order {order['orderId']} is confirmed"
                feed = await root.read("/api/events?types=order.*")
                assert [one["type"] for one in feed["items"]] == ["order.placed", "order.confirmed", "order.paid"]
                consumers = await root.read("/api/admin/projections")
                names = {one["name"] for one in consumers["items"]}
                assert {"views", "orders", "search", "mail", created["subscriptionId"]} <= names
                assert await parked(root) == []
                listed = await root.read("/api/subscriptions")
                assert [one["subscriptionId"] for one in listed["items"]] == [created["subscriptionId"]]
                again = f"/api/subscriptions/{created['subscriptionId']}/redeliver"
                await root.do("POST", again, {"eventId": call.json["id"]}, 202)
                assert [one.body for one in await receiver.got(2, 30)] == [call.body] * 2
                expect(200, await shopper.cancel(order["orderId"]))
                titles = sorted(letter["Subject"] for letter in (await box.got(3, 30))[1:])
                number = order["orderId"]
                assert titles == [f"Your order {number} was cancelled", f"Your refund for order {number}"]
    assert (len(receiver.calls), len(box.letters)) == (2, 3)
