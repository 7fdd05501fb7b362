"""The checkout process on its own: what it finds left behind, it sees through together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from commands.batch import Batch
from commands.engine import now_ms
from commands.reactor import CheckoutReactor
from domain.ids import payment_id
from domain.orders.order import OpenOrder, PaidOrder
from domain.orders.orderreview import REJECTED
from domain.payments.payment import RecordAuthorization, RecordCapture
from projections.views import Touched
from streams.processes import checkout
from streams.views import present
from tests.commands.driving import asked_with
from tests.streams.house import STOCK_ID, House, place_order

LEFT = 40


def later(house: House, minutes: int) -> None:
    house.engine.clock = lambda: now_ms() + minutes * 60_000


async def authorized(house: House, order_id: str) -> RecordAuthorization:
    return RecordAuthorization(payment_id(order_id), await asked_with(house.engine, order_id), f"ch_{order_id}")


async def test_checkouts_that_were_left_behind_share_commits(tmp_path):
    """After an outage there may be thousands of them, and a commit waits for the disk."""
    house = House(tmp_path)
    house.engine._reactor = house.engine._decisions._reactor = CheckoutReactor(maximum=0)  # forgets between batches
    await house.engine.start()
    await house.follower.start()
    await house.stock(LEFT)
    orders = await asyncio.gather(*(house.buy(place_order(number, "pm_card_visa")) for number in range(LEFT)))
    for order_id in orders:
        await house.submit(await authorized(house, order_id), order_id)
    await house.follower.wait_for(house.engine.position, 10)
    batches: list[Batch] = []
    house.engine.landed.append(lambda batch, seconds: batches.append(batch))
    for minutes in (1, 2, 3):  # the goods are sold, the order confirmed, the money asked for
        later(house, minutes)
        await house.checkouts.sweep()
        await house.follower.wait_for(house.engine.position, 10)
    for order_id in orders:
        await house.submit(RecordCapture(payment_id(order_id), await asked_with(house.engine, order_id)), order_id)
    await house.follower.wait_for(house.engine.position, 10)
    batches.clear()
    later(house, 4)
    await house.checkouts.sweep()
    assert all([isinstance(await house.engine.state(order_id), PaidOrder) for order_id in orders])
    assert len(batches) < LEFT / 4
    await house.close()


async def under_review_behind_the_views(house: House) -> str:
    """An order that waits for a person, its goods sold; the views know that it was placed, and no more."""
    await house.engine.start()
    await house.follower.catch_up()
    await house.stock(1)
    placed = place_order(1, "pm_card_visa")
    order_id = await house.buy(replace(placed, review=("amount_above",), review_within=86_400_000))
    await house.follower.catch_up()
    await house.submit(await authorized(house, order_id), order_id)
    state = await house.engine.state(order_id)
    assert isinstance(state, OpenOrder)
    assert (await house.engine.state(STOCK_ID)).committed == 1
    return order_id


async def test_views_that_fell_behind_for_longer_than_a_hold_call_nothing_off(tmp_path: Path) -> None:
    """A kill, then twenty minutes without a process, then a start: what the rows say is of before."""
    house = House(tmp_path)
    order_id = await under_review_behind_the_views(house)
    later(house, 20)
    sweeping = asyncio.create_task(house.checkouts.sweep())
    await asyncio.sleep(0.02)
    await house.follower.start()
    await sweeping
    assert isinstance(await house.engine.state(order_id), OpenOrder)
    await house.close()


async def test_nothing_is_judged_while_the_views_are_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what is swept nor what has just moved, in the order in which views hear of it; once they are there, what
    moved is looked at."""
    monkeypatch.setattr(present, "PATIENCE_S", 0.01)
    monkeypatch.setattr(checkout, "SWEEP_S", 0.01)
    house = House(tmp_path)
    order_id = await under_review_behind_the_views(house)
    house.engine._reactor = house.engine._decisions._reactor = CheckoutReactor(maximum=0)  # has not heard of it
    later(house, 20)
    house.checkouts.applied([], Touched(checkouts={order_id}))
    await house.checkouts.start()
    await asyncio.sleep(0.1)
    assert isinstance(await house.engine.state(order_id), OpenOrder)
    await house.follower.start()
    later(house, 60 * 25)  # nobody has looked at it for a day
    assert await house.ended(order_id) == "CANCELLED"
    assert (await house.engine.state(order_id)).reason == REJECTED
    await house.close()
