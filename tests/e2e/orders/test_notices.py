"""What a buyer gets to read, from the order to the refund."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.aftersale import post, settled, units_of
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
    titles = await subjects(box, 3)
    number = order["orderId"]
    assert sorted(titles[1:]) == [f"Your order {number} was cancelled", f"Your refund for order {number}"]


async def test_some_units_are_called_off_and_paid_back(box: MailBox, seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells(price=2500), 3)
    order = await shopper.buy()
    number, title = order["orderId"], order["lines"][0]["title"]
    await box.got(1)
    body = {"lines": [units_of(order, 0, 1)], "reason": "one is broken"}
    expect(200, await post(seller.shopper, f"/api/orders/{number}/cancel", body))
    refund = (await settled(shopper, order))["refunds"][0]
    titles = sorted((await subjects(box, 3))[1:])
    assert titles == [f"Part of your order {number} was cancelled", f"Your refund for order {number}"]
    texts = {str(letter["Subject"]): bodies(letter)[0] for letter in box.letters}
    called_off, refunded = texts[titles[0]], texts[titles[1]]
    amount = f"{refund['amount']['amount'] / 100:.2f} USD"
    assert f"1 x {title}" in called_off
    assert "The reason given: one is broken" in called_off
    assert f"{amount} that you paid for it" in called_off
    paid = f"{order['totals']['grand']['amount'] / 100:.2f} USD"
    assert f"we have paid {amount} back to you, of {paid} that you paid" in refunded


async def test_a_return_is_approved_arrives_and_is_paid_back(box: MailBox, seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells(price=2500), 3)
    order = await shopper.buy()
    await delivered(seller, order)
    await box.got(3)
    number = order["orderId"]
    path = await send_back(shopper, order)
    label = {"carrier": "UPS", "tracking": "1Z999"}
    expect(200, await post(seller.shopper, f"{path}/approve", label))
    expect(200, await post(seller.shopper, f"{path}/receive", {"restock": True}))
    await settled(shopper, order)
    titles = (await subjects(box, 6))[3:]
    assert titles[0] == f"You may send back goods of order {number}"
    assert sorted(titles[1:]) == [f"Your refund for order {number}", f"Your return for order {number} has arrived"]
    assert "1Z999" in bodies(box.letters[3])[0]
    assert len({str(letter["Message-ID"]) for letter in box.letters}) == 6


async def test_a_return_is_refused(box: MailBox, seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells(price=2500), 3)
    order = await shopper.buy()
    await delivered(seller, order)
    await box.got(3)  # those of one moment may come in any order
    path = await send_back(shopper, order)
    key = fresh_key()
    for _ in range(2):
        expect(200, await post(seller.shopper, f"{path}/reject", {"reason": "worn for weeks"}, key))
    assert (await subjects(box, 4))[3] == f"Your return for order {order['orderId']} was refused"
    assert "The reason given: worn for weeks" in bodies(box.letters[3])[0]


async def delivered(seller: Seller, order: dict[str, Any]) -> None:
    path = f"/api/orders/{order['orderId']}/shipments"
    sent = expect(201, await post(seller.shopper, path, {"carrier": "UPS"}))
    expect(200, await post(seller.shopper, f"{path}/{sent['shipmentId']}/delivered"))


async def send_back(shopper: Shopper, order: dict[str, Any]) -> str:
    """The path of a return that was asked for, of one unit."""
    path = f"/api/orders/{order['orderId']}/returns"
    sent = expect(201, await post(shopper, path, {"lines": [units_of(order, 0, 1, reason="too small")]}))
    return f"{path}/{sent['returnId']}"


async def test_what_is_put_back_on_a_gift_card(box: MailBox, seller: Seller, shopper: Shopper, admin: Shopper) -> None:
    await shopper.add(await seller.sells())
    card = await issue(admin, 100_000)
    order = await shopper.buy(giftCard=card.code)
    await box.got(1)
    expect(200, await shopper.cancel(order["orderId"]))
    titles = await subjects(box, 3)
    number = order["orderId"]
    assert sorted(titles[1:]) == [f"Your gift card, for order {number}", f"Your order {number} was cancelled"]
    assert all(card.code not in bodies(letter)[0] for letter in box.letters)


async def test_who_switched_them_off_gets_none(
    house: House, box: MailBox, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    await shopper.do("PATCH", "/api/me", {"notifications": {"orders": False}})
    assert (await shopper.read("/api/me"))["notifications"] == {"orders": False, "wishes": False}
    await shopper.add(await seller.sells())
    order = await shopper.buy()
    await delivered(seller, order)
    expect(200, await post(seller.shopper, f"{await send_back(shopper, order)}/approve"))
    after, skipped = "", list[str]()
    while len(skipped) < 4:
        feed = await admin.do("GET", f"/api/events?types=delivery.skipped&after={after}", Prefer="wait=10")
        assert feed["items"], f"only {len(skipped)} notices were passed over"
        after = feed["next"]
        skipped += [event["data"]["reason"] for event in feed["items"]]
    assert skipped == ["not wanted"] * 4
    assert box.attempts == 0
    channels = (await admin.do("GET", "/api/admin/projections"))["items"]
    assert "mail" in [one["name"] for one in channels if one["kind"] == "delivery"]
