"""Money that is taken parcel by parcel: whatever step is lost, before it or after it, each part is taken once, what
nobody comes for is let go, and the ledger is right to the cent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from commands.engine import Engine
from commands.mapper import recorded
from domain.books.ledger import SUSPENSE, is_balanced
from domain.decider import Command
from domain.ids import payment_id
from domain.inventory import inventory
from domain.orders import order
from domain.orders.aftersale import CancelLines
from domain.orders.order import OpenOrder, PackShipment
from domain.orders.parcelling import GiveUpUnpaid, MarkShipmentPaid
from domain.orders.policy import PARCEL
from domain.payments import payment
from streams.gateways.port import Captured, CaptureRefused
from streams.money.bookkeeping import Bookkeeping
from tests.streams.house import SHOP, STOCK_ID, House, opened, place_order
from tests.streams.money.books import balances, posted
from tests.streams.money.inparcels import LINE, ONE, QUOTE, UNITS, over, until
from tests.streams.mortal import Mortal

STEPS = [
    payment.RequestCapture,
    payment.RecordCapture,
    MarkShipmentPaid,
    inventory.ShipStock,
    inventory.UncommitStock,
    payment.RequestVoid,
    payment.RecordVoid,
]
MONEY = [
    "AuthorizationRequested",
    "PaymentAuthorized",
    "CaptureRequested",
    "PaymentCaptured",
    "CaptureRequested",
    "PaymentCaptured",
    "VoidRequested",
    "PaymentVoided",
]
pytestmark = pytest.mark.usefixtures("impatient")


async def stands(house: House) -> str:
    await house.stock(UNITS)
    order_id = await house.buy(replace(place_order(1, "pm_card_visa", QUOTE), capture=PARCEL))
    await until(house, order_id, lambda state: isinstance(state, OpenOrder) and state.confirmed)
    return order_id


async def two_parcels_and_a_change_of_mind(house: House, order_id: str) -> None:
    at = house.engine.clock()
    for command in (
        PackShipment(order_id, "shi_1", SHOP, at, ONE, "UPS"),
        PackShipment(order_id, "shi_2", SHOP, at, ONE, "UPS"),
        CancelLines(order_id, "can_1", "rfd_1", {LINE.line_id: None}, at),
    ):
        await house.submit(command, order_id)


def by_kind(house: House, order_id: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in house.gateway.report():
        if row.order_id == order_id:
            found.setdefault(row.kind, []).append(row.amount)
    return found


async def books(house: House) -> dict[str, int]:
    await Bookkeeping(house.log, house.engine).post()
    transactions = await posted(house)
    assert all(map(is_balanced, transactions))
    return balances(transactions)


async def sold(house: House, order_id: str) -> order.PaidOrder:
    """Both parcels have left, the last unit can be sold again, and of the money only the parcels' was taken."""
    paid = await until(house, payment_id(order_id), over("captured"))
    await until(house, STOCK_ID, lambda item: (item.on_hand, item.committed) == (1, 0))
    first, second = (part.amount.amount for part in paid.parts.values())
    whole = QUOTE.totals.grand.amount
    moved = by_kind(house, order_id)
    assert sorted(moved.pop("capture")) == sorted([first, second])
    assert moved == {"authorize": [whole], "void": [whole - first - second]}
    state: order.PaidOrder = await until(house, order_id, lambda one: order.status(one) == "SHIPPED")
    taken = sum(one.due.amount for one in state.shipments.values() if one.due is not None)
    assert (taken, state.refunds) == (first + second, {})
    accounts = await books(house)
    assert accounts["provider"] == taken
    assert accounts[f"seller:{SHOP}"] + accounts["tax"] == -taken
    return state


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
async def test_a_step_that_is_lost_is_taken_by_the_next_process(
    tmp_path: Path, step: type[Command], done: bool
) -> None:
    async with opened(tmp_path) as first:
        order_id = await stands(first)
    second = House(tmp_path)
    await second.start()
    mortal = Mortal(second, step, done)
    await two_parcels_and_a_change_of_mind(second, order_id)
    await mortal.dies()

    async with opened(tmp_path) as third:
        await sold(third, order_id)
        await asyncio.sleep(0.2)  # nothing is done again
        assert await third.payment_events(order_id) == MONEY


async def test_a_part_that_is_refused_leaves_its_goods_in_the_house(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        order_id = await stands(house)
        capture, calls = house.gateway.capture, 0

        async def runs_out(*asked: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            return await capture(*asked, **more) if calls == 1 else CaptureRefused("authorization_expired")

        house.gateway.capture = runs_out  # type: ignore[method-assign]  # an authorization that lasts for one part
        at = house.engine.clock()
        for number in (1, 2):
            parcel = PackShipment(order_id, f"shi_{number}", SHOP, at, ONE, "UPS")
            await house.submit(parcel, order_id)
        paid = await until(house, payment_id(order_id), over("captured"))
        await until(house, STOCK_ID, lambda item: (item.on_hand, item.committed) == (2, 0))
        state = await house.engine.state(order_id)
        assert (state.shipments.keys(), order.status(state)) == ({"shi_1"}, "SHIPPED")
        assert order.ordered(state) == ONE
        assert (paid.set_aside.amount, paid.captured) == (0, state.shipments["shi_1"].due)
        assert (await books(house))["provider"] == paid.captured.amount
        given_up = [
            row for row in await house.log.read_stream(order_id) if row.topic.startswith("order.lines_cancelled")
        ]
        again = GiveUpUnpaid(order_id, recorded(given_up[0]).event.cancellation_id, at)  # type: ignore[attr-defined]
        assert (await house.submit(again, order_id)).events == []


async def test_a_late_callback_of_one_part_says_nothing_of_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        order_id = await stands(house)
        capture = house.gateway.capture
        asked: list[str] = []

        async def unheard(key: str, *rest: Any, **more: Any) -> Any:
            """The provider does its work, and its answers to the second part are lost."""
            asked.append(key)
            answer = await capture(key, *rest, **more)
            if key != asked[0]:
                await asyncio.sleep(60)
            return answer

        house.gateway.capture = unheard  # type: ignore[method-assign]  # whose answers are lost
        await two_parcels_and_a_change_of_mind(house, order_id)
        await until(house, payment_id(order_id), lambda state: len(state.parts) == 2)
        await house.payments.complete(asked[0], Captured())
        paid = await house.engine.state(payment_id(order_id))
        assert [part.status for part in paid.parts.values()] == ["captured", "requested"]
        second = paid.part_under_way
        assert second == "shi_2"
        intent = await house.key(order_id, paid.intent)
        for _ in range(2):
            await house.payments.complete(intent, Captured())
        await sold(house, order_id)


async def test_books_of_a_process_that_has_not_heard_of_the_parcel_know_whose_the_money_is(tmp_path: Path) -> None:
    """They go on in the log by themselves, ahead of the orders that their process remembers."""
    async with opened(tmp_path) as house:
        order_id = await stands(house)
        behind = Engine(house.log)
        await behind.start()
        await behind.state(order_id)
        await house.submit(PackShipment(order_id, "shi_1", SHOP, house.engine.clock(), ONE, "UPS"), order_id)
        await until(house, payment_id(order_id), over("partially_captured"))
        await Bookkeeping(house.log, behind).post()
        await behind.close()
        assert SUSPENSE not in balances(await posted(house))
