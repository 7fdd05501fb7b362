"""The checkout process on its own: what it finds left behind, it sees through together."""

from __future__ import annotations

import asyncio

from commands.batch import Batch
from commands.engine import now_ms
from commands.reactor import CheckoutReactor
from domain.ids import payment_id
from domain.order import PaidOrder
from domain.payment import RecordAuthorization, RecordCapture
from tests.streams.house import House, place_order

LEFT = 40


def later(house: House, minutes: int) -> None:
    house.engine.clock = lambda: now_ms() + minutes * 60_000


async def test_checkouts_that_were_left_behind_share_commits(tmp_path):
    """After an outage there may be thousands of them, and a commit waits for the disk."""
    house = House(tmp_path)
    house.engine._reactor = house.engine._decisions._reactor = CheckoutReactor(maximum=0)  # forgets between batches
    await house.engine.start()
    await house.follower.start()
    await house.stock(LEFT)
    orders = await asyncio.gather(*(house.buy(place_order(number, "pm_card_visa")) for number in range(LEFT)))
    for order_id in orders:
        await house.submit(RecordAuthorization(payment_id(order_id), f"ch_{order_id}"), order_id)
    await house.follower.wait_for(house.engine.position, 10)
    batches: list[Batch] = []
    house.engine.landed.append(lambda batch, seconds: batches.append(batch))
    for minutes in (1, 2, 3):  # the goods are sold, the order confirmed, the money asked for
        later(house, minutes)
        await house.checkouts.sweep()
        await house.follower.wait_for(house.engine.position, 10)
    for order_id in orders:
        await house.submit(RecordCapture(payment_id(order_id), f"{payment_id(order_id)}/3"), order_id)
    await house.follower.wait_for(house.engine.position, 10)
    batches.clear()
    later(house, 4)
    await house.checkouts.sweep()
    assert all([isinstance(await house.engine.state(order_id), PaidOrder) for order_id in orders])
    assert len(batches) < LEFT / 4
    await house.close()
