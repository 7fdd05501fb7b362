"""From the order to stock and payment, whatever step is lost: a process dies before it or after it, another goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from commands.mapper import recorded
from domain.decider import Command
from domain.ids import payment_id, unsent_id
from domain.inventory import inventory
from domain.inventory.inventory import InventoryItem
from domain.orders import order
from domain.orders.aftersale import ApproveReturn, CancelLines, GrantRefund, ReceiveReturn, RequestReturn
from domain.orders.returns import DAY_MS
from domain.payments import payment
from tests.streams.house import STOCK_ID, House, opened, place_order, quote_of
from tests.streams.mortal import Mortal

STEPS = [
    inventory.UncommitStock,
    inventory.ShipStock,
    inventory.ReturnStock,
    payment.RequestRefund,
    payment.RecordRefund,
    order.MarkOrderRefunded,
]
UNITS, ON_HAND = 3, 10
pytestmark = pytest.mark.usefixtures("impatient")


async def everything_after_the_purchase(house: House, order_id: str) -> None:
    """One unit is called off, two are sent, one of them comes back, and the rest of the money is given back."""
    (line,) = quote_of(UNITS).lines
    at = house.engine.clock()
    one: dict[str, int | None] = {line.line_id: 1}
    for command in (
        CancelLines(order_id, "can_1", "rfd_1", one, at),
        order.PackShipment(order_id, "shi_1", line.shop_id, at, carrier="UPS"),
        order.DeliverShipment(order_id, "shi_1", at),
        RequestReturn(order_id, "ret_1", one, at, DAY_MS),
        ApproveReturn(order_id, "ret_1", at),
        ReceiveReturn(order_id, "ret_1", "rfd_2", at, restock=True),
        GrantRefund(order_id, "rfd_3", "goodwill", at),
    ):
        await house.submit(command, order_id)


async def settled(house: House, order_id: str, on_hand: int = ON_HAND - 1) -> None:
    """The order knows that all its money has gone back, and stock has heard everything."""
    watch = house.engine.watch(order_id, lambda state: order.status(state) == "REFUNDED")
    if order.status(await house.engine.state(order_id)) != "REFUNDED":
        await asyncio.wait_for(watch, 10)
    watch.cancel()

    def at_rest(item: Any) -> bool:
        return isinstance(item, InventoryItem) and (item.on_hand, item.committed) == (on_hand, 0)

    at_last = house.engine.watch(STOCK_ID, at_rest)
    if not at_rest(await house.engine.state(STOCK_ID)):
        await asyncio.wait_for(at_last, 10)
    at_last.cancel()


async def steps_of(house: House, order_id: str) -> list[str]:
    """What happened to stock and money since the order was paid, each once."""
    streams = (STOCK_ID, payment_id(order_id))
    events = [recorded(row) for stream in streams for row in await house.log.read_stream(stream)]
    return sorted(
        f"{type(event.event).__name__} {getattr(event.event, 'refund_id', '')}".strip()
        for event in events
        if isinstance(
            event.event,
            inventory.StockUncommitted
            | inventory.StockShipped
            | inventory.StockReturned
            | payment.RefundRequested
            | payment.PaymentRefunded,
        )
    )


async def bought(tmp_path: Path) -> tuple[House, str]:
    """A house with a paid order."""
    house = House(tmp_path)
    await house.start()
    await house.stock(ON_HAND)
    order_id = await house.buy(place_order(1, "pm_card_visa", quote_of(UNITS)))
    assert await house.ended(order_id) == "PAID"
    await house.follower.wait_for(await house.log.head(), 10)
    house.engine._reactor.disown([order_id])  # it may remember this one for a moment, and would take the steps itself
    return house, order_id


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
async def test_a_step_that_is_lost_is_taken_by_the_next_process(
    tmp_path: Path, step: type[Command], done: bool
) -> None:
    first, order_id = await bought(tmp_path)
    mortal = Mortal(first, step, done)
    await everything_after_the_purchase(first, order_id)
    await mortal.dies()

    async with opened(tmp_path) as second:
        await settled(second, order_id)
        await asyncio.sleep(0.2)  # nothing is done again
        assert await steps_of(second, order_id) == [
            *(f"PaymentRefunded rfd_{number}" for number in (1, 2, 3)),
            *(f"RefundRequested rfd_{number}" for number in (1, 2, 3)),
            "StockReturned",
            "StockShipped",
            "StockUncommitted",
        ]
        given_back = [row.amount for row in second.gateway.report() if row.kind == "refund"]
        assert len(given_back) == 3
        assert sum(given_back) == quote_of(UNITS).totals.grand.amount


FULL = [inventory.UncommitStock, payment.RequestRefund, payment.RecordRefund, order.MarkOrderRefunded]


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", FULL, ids=lambda step: step.__name__)
async def test_what_is_refunded_in_full_before_it_is_packed_is_on_sale_again(
    tmp_path: Path, step: type[Command], done: bool
) -> None:
    first, order_id = await bought(tmp_path)
    mortal = Mortal(first, step, done)
    await first.submit(GrantRefund(order_id, "rfd_1", "goodwill", first.engine.clock()), order_id)
    await mortal.dies()

    async with opened(tmp_path) as second:
        await settled(second, order_id, ON_HAND)
        await asyncio.sleep(0.2)  # nothing is done again
        steps = ["PaymentRefunded rfd_1", "RefundRequested rfd_1", "StockUncommitted"]
        assert await steps_of(second, order_id) == steps
        state = await second.engine.state(order_id)
        assert list(state.cancellations) == [unsent_id(order_id)]
        given_back = [row.amount for row in second.gateway.report() if row.kind == "refund"]
        assert given_back == [quote_of(UNITS).totals.grand.amount]
