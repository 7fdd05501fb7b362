"""Payments taken up from the follower, which tells of the whole log again when views are folded anew."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from commands.engine import now_ms
from domain.ids import payment_id
from domain.money import Money
from domain.payments import payment
from streams.money.payments import FRESH_MS
from tests.streams.house import QUICK, House, called_off, left_unpaid, opened, place_order

HALF = Money(1000, "USD")


def without_views(folder: Path) -> None:
    for part in folder.glob("views.db*"):
        part.unlink()


async def began_again(house: House) -> None:
    """Another process has emptied this one's views, and all of the log is folded anew."""
    positions: list[int] = []
    house.follower.applied.append(lambda events, touched: positions.append(events[0].position))
    house.views.reset()
    await house.stock(1)
    assert await house.follower.wait_for(await house.log.head(), 5)
    assert positions[0] == 1, "the follower has told of the whole log"


def calls_of(house: House) -> list[str]:
    """Names of all that is asked of the provider from now on."""
    calls: list[str] = []

    def counted(name, real):
        async def call(*arguments, **more):
            calls.append(name)
            return await real(*arguments, **more)

        return call

    for name in ("authorize", "capture", "void", "refund", "find"):
        setattr(house.gateway, name, counted(name, getattr(house.gateway, name)))
    return calls


async def refunded_in_part(house: House) -> str:
    await house.stock(1)
    order_id = await house.buy(place_order(1, "pm_card_visa"))
    assert await house.ended(order_id) == "PAID"
    await house.submit(payment.RequestRefund(payment_id(order_id), "returned", "rfd_1", HALF), order_id)
    refunded = house.engine.watch(payment_id(order_id), lambda state: state.refunds["rfd_1"].status == "refunded")
    await asyncio.wait_for(refunded, 5)
    return order_id


@pytest.mark.parametrize("behind", [0, 3_600_000], ids=["its clock is right", "its clock is an hour behind"])
async def test_what_others_decide_is_acted_on_at_once(tmp_path, behind):
    unswept = replace(QUICK, silent=60.0, sweep=60.0)  # a sweep would ask first about what it finds in the future
    serving, working = House(tmp_path), House(tmp_path, pacing=unswept)
    working.engine.clock = lambda: now_ms() - behind
    await serving.start(payments=False)
    await working.start(beside=True)
    calls = calls_of(working)
    await serving.stock(1)
    order_id = await serving.buy(place_order(1, "pm_card_visa"))
    assert await serving.ended(order_id) == "PAID"
    assert calls == ["authorize", "capture"], "the provider is not asked before"
    await working.close()
    await serving.close()


async def test_an_order_cancelled_while_nobody_worked_is_not_charged_any_more(tmp_path):
    order_id = await left_unpaid(tmp_path, called_off)
    without_views(tmp_path)
    second = House(tmp_path)
    await second.start(beside=True)
    declined = second.engine.watch(payment_id(order_id), lambda state: state.status == "declined")
    await asyncio.wait_for(declined, 5)
    assert second.movements() == {}
    await second.close()


async def test_what_is_done_is_not_asked_for_again_when_views_are_folded_anew(tmp_path):
    """The provider would do it once more: it forgets keys after a day."""
    async with opened(tmp_path) as first:
        await refunded_in_part(first)
    without_views(tmp_path)
    second = House(tmp_path)
    calls = calls_of(second)
    await second.start(beside=True)
    assert await second.follower.wait_for(await second.log.head(), 5)
    await began_again(second)
    await asyncio.sleep(0.2)
    assert calls == []
    await second.close()


async def test_what_is_long_open_is_asked_for_first_when_views_are_folded_anew(tmp_path):
    order_id = await left_unpaid(tmp_path)
    second = House(tmp_path)
    second.engine.clock = lambda: now_ms() + 2 * FRESH_MS
    calls = calls_of(second)
    await second.start(beside=True)
    await began_again(second)
    assert await second.ended(order_id) == "PAID"
    assert calls[:2] == ["find", "authorize"]
    await second.close()
