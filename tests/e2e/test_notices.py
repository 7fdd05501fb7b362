"""What a buyer gets to read, from the order to the refund."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.giftcards import issue
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, fresh_key
from tests.mailserver import MailBox, bodies, mail_server


@pytest.fixture
async def box() -> AsyncIterator[MailBox]:
    async with mail_server() as box:
        yield box


@pytest.fixture
async def house(tmp_path: Path, box: MailBox) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", smtp_url=box.url, mail_from="orders@shop.example") as house:
        yield house


async def subjects(box: MailBox, letters: int) -> list[str]:
    """What the letters are about, without the order's number."""
    return [" ".join(str(letter["Subject"]).split()) for letter in (await box.got(letters))[:letters]]


async def test_confirmed_shipped_and_delivered(house: House, box: MailBox, seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells(price=2500), 2)
    order = await shopper.buy()
    number = order["orderId"]
    [confirmed] = await box.got(1)
    assert box.recipients == [shopper.email]
    text, html = bodies(confirmed)
    total = f"{order['totals']['grand']['amount'] / 100:.2f} USD"
    assert f"2 x {order['lines'][0]['title']}" in text
    assert total in text
    assert total in html
    path = f"/api/orders/{number}/shipments"
    body = {"carrier": "UPS", "tracking": "1Z999"}
    packed = await seller.shopper.do("POST", path, body, 201, Idempotency_Key=fresh_key())
    await box.got(2)
    done = f"{path}/{packed['shipmentId']}/delivered"
    await seller.shopper.do("POST", done, Idempotency_Key=fresh_key())
    assert await subjects(box, 3) == [
        f"Your order {number} is confirmed",
        f"Your order {number} is on its way",
        f"Your order {number} was delivered",
    ]
    assert "1Z999" in bodies(box.letters[1])[0]
    assert house.problems() == []


async def test_cancelled_and_refunded(box: MailBox, seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    order = await shopper.buy()
    await box.got(1)
    expect(200, await shopper.cancel(order["orderId"]))
    await shopper.settled(order["orderId"])
    told = await subjects(box, 3)
    number = order["orderId"]
    assert sorted(told[1:]) == [f"Your order {number} was cancelled", f"Your refund for order {number}"]


async def test_what_is_put_back_on_a_gift_card(box: MailBox, seller: Seller, shopper: Shopper, admin: Shopper) -> None:
    await shopper.add(await seller.sells())
    card = await issue(admin, 100_000)
    order = await shopper.buy(giftCard=card.code)
    await box.got(1)
    expect(200, await shopper.cancel(order["orderId"]))
    told = await subjects(box, 3)
    number = order["orderId"]
    assert sorted(told[1:]) == [f"Your gift card, for order {number}", f"Your order {number} was cancelled"]
    assert all(card.code not in bodies(letter)[0] for letter in box.letters)


async def test_who_switched_them_off_gets_none(
    house: House, box: MailBox, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    await shopper.do("PATCH", "/api/me", {"notifications": {"orders": False}})
    assert (await shopper.read("/api/me"))["notifications"] == {"orders": False}
    await shopper.add(await seller.sells())
    await shopper.buy()
    feed = await admin.do("GET", "/api/events?types=delivery.skipped", Prefer="wait=10")
    assert [event["data"]["reason"] for event in feed["items"]] == ["not wanted"]
    assert box.attempts == 0
    channels = (await admin.do("GET", "/api/admin/projections"))["items"]
    assert "mail" in [one["name"] for one in channels if one["kind"] == "delivery"]
