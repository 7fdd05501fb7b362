"""Money on its way back: several refunds of one payment, each exactly once, whatever provider and processes do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from domain.ids import payment_id
from domain.money import Money
from domain.orders import order
from domain.payments import payment
from streams.gateways.port import GatewayTimeout, RefundRefused
from tests.streams.house import House, opened, place_order, quote_of

GRAND = quote_of().totals.grand
PART = Money(700, GRAND.currency)
REST = GRAND.subtract(PART)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as house:
        await house.stock(1_000)
        yield house


async def paid(shop: House) -> str:
    order_id = await shop.buy(place_order(1, "pm_card_visa"))
    assert await shop.ended(order_id) == "PAID"
    return order_id


async def ask(shop: House, order_id: str, refund_id: str, amount: Money | None) -> None:
    command = payment.RequestRefund(payment_id(order_id), "returned", refund_id, amount)
    await shop.submit(command, order_id)


async def once(shop: House, order_id: str, ready: Callable[[payment.Payment], bool]) -> payment.Payment:
    """The payment when it is as wanted, whichever process brought it there."""

    def is_ready(state: Any) -> bool:
        return isinstance(state, payment.Payment) and ready(state)

    if not is_ready(state := await shop.engine.state(payment_id(order_id))):
        state = (await asyncio.wait_for(shop.engine.watch(payment_id(order_id), is_ready), 10)).state
    assert isinstance(state, payment.Payment)
    return state


async def reached(shop: House, order_id: str, status: str) -> payment.Payment:
    return await once(shop, order_id, lambda state: state.status == status)


def refunds(shop: House) -> list[int]:
    """Amounts that the provider gave back."""
    return [row.amount for row in shop.gateway.report() if row.kind == "refund"]


async def test_several_refunds_of_one_payment(shop: House) -> None:
    order_id = await paid(shop)
    await ask(shop, order_id, "rfd_1", PART)
    await reached(shop, order_id, "partially_refunded")
    await ask(shop, order_id, "rfd_2", REST)
    await reached(shop, order_id, "refunded")
    assert sorted(refunds(shop)) == sorted((PART.amount, REST.amount))


async def test_a_refund_asked_for_many_times_is_paid_out_once(shop: House) -> None:
    order_id = await paid(shop)
    await asyncio.gather(*(ask(shop, order_id, "rfd_1", PART) for _ in range(10)))
    await reached(shop, order_id, "partially_refunded")
    await ask(shop, order_id, "rfd_1", PART)
    assert refunds(shop) == [PART.amount]


async def test_cancelled_after_a_partial_refund_gives_back_the_rest(shop: House) -> None:
    order_id = await paid(shop)
    await ask(shop, order_id, "rfd_1", PART)
    await reached(shop, order_id, "partially_refunded")
    await shop.submit(order.CancelOrder(order_id, "cancelled"), order_id)
    await reached(shop, order_id, "refunded")
    assert sorted(refunds(shop)) == sorted((PART.amount, REST.amount))


async def test_a_refund_that_times_out_is_found_and_not_paid_out_again(shop: House) -> None:
    refund = shop.gateway.refund

    async def slow(*arguments: Any) -> Any:
        await refund(*arguments)
        raise GatewayTimeout("no answer")

    shop.gateway.refund = slow  # type: ignore[method-assign]  # a provider that does it and does not answer
    order_id = await paid(shop)
    await ask(shop, order_id, "rfd_1", PART)
    await reached(shop, order_id, "partially_refunded")
    assert refunds(shop) == [PART.amount]


async def test_a_refused_refund_is_recorded_and_can_be_asked_for_again(shop: House) -> None:
    refund = shop.gateway.refund

    async def refuse(*arguments: Any) -> RefundRefused:
        return RefundRefused("unknown_charge")

    order_id = await paid(shop)
    shop.gateway.refund = refuse  # type: ignore[method-assign, assignment]  # a provider that lost its records
    await ask(shop, order_id, "rfd_1", PART)
    state = await once(shop, order_id, lambda state: any(one.refusal for one in state.refunds.values()))
    assert state.status == "captured"
    assert state.refunds == {"rfd_1": payment.Refund(PART, "refused", "unknown_charge")}
    assert refunds(shop) == []
    shop.gateway.refund = refund  # type: ignore[method-assign]
    await shop.submit(payment.RetryRefund(payment_id(order_id), "rfd_1", "returned"), order_id)
    await reached(shop, order_id, "partially_refunded")
    assert refunds(shop) == [PART.amount]


async def test_an_order_called_off_whose_refund_is_refused_waits_for_a_person(shop: House) -> None:
    refund, asked = shop.gateway.refund, 0

    async def refuse(*arguments: Any) -> RefundRefused:
        nonlocal asked
        asked += 1
        return RefundRefused("unknown_charge")

    order_id = await paid(shop)
    shop.gateway.refund = refuse  # type: ignore[method-assign, assignment]  # a provider that lost its records
    await shop.submit(order.CancelOrder(order_id, "cancelled"), order_id)
    await once(shop, order_id, lambda state: any(one.refusal for one in state.refunds.values()))
    await asyncio.sleep(0.2)
    assert asked == 1, "nobody asks again by himself"
    shop.gateway.refund = refund  # type: ignore[method-assign]
    await shop.submit(payment.RetryRefund(payment_id(order_id), payment.THE_REST, "cancelled"), order_id)
    await reached(shop, order_id, "refunded")
    assert refunds(shop) == [GRAND.amount]


@pytest.mark.parametrize("charged", [False, True], ids=["before the provider", "after the provider"])
async def test_a_crash_leaves_exactly_one_refund(tmp_path: Path, charged: bool) -> None:
    first = House(tmp_path)
    await first.start()
    await first.stock(1)
    order_id = await paid(first)
    refund = first.gateway.refund

    async def hang(*arguments: Any) -> Any:
        if charged:
            await refund(*arguments)
        await asyncio.Event().wait()

    first.gateway.refund = hang  # type: ignore[method-assign]  # the process dies here
    await ask(first, order_id, "rfd_1", PART)
    await asyncio.sleep(0.1)
    await first.crash()
    async with opened(tmp_path) as second:
        await reached(second, order_id, "partially_refunded")
        assert refunds(second) == [PART.amount]


async def test_cancel_races_capture(shop: House) -> None:
    """Called off after the money was asked for and before it came: it is taken, and given back whole."""
    capture, called_off = shop.gateway.capture, asyncio.Event()

    async def slow(*arguments: Any, **more: Any) -> Any:
        await called_off.wait()
        return await capture(*arguments, **more)

    shop.gateway.capture = slow  # type: ignore[method-assign]  # a provider that takes its time
    order_id = await shop.buy(place_order(1, "pm_card_visa"))
    await reached(shop, order_id, "capturing")
    await shop.submit(order.CancelOrder(order_id, "cancelled"), order_id)
    called_off.set()
    await reached(shop, order_id, "refunded")
    assert await shop.ended(order_id) == "CANCELLED"
    assert refunds(shop) == [GRAND.amount]
    assert shop.movements() == {(order_id, kind): 1 for kind in ("authorize", "capture", "refund")}
