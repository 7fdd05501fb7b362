"""The payment process: from a placed order to money in the till, whatever the provider and the processes do."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace

import pytest

from commands.context import Context
from commands.errors import StorageUnavailable
from commands.mapper import recorded
from domain.ids import payment_id
from domain.money import Money
from domain.orders import order
from domain.payments import payment
from projections.checkouts.projector import CHECKOUTS
from projections.sqlite import SQLiteViews
from projections.stock.projector import STOCK
from streams.gateways.port import GatewayError, GatewayTimeout, Pending
from streams.gateways.signatures import Signer
from streams.money.payments import AUTHORIZE_ATTEMPTS_MAX, Pacing, PaymentProcess
from tests.streams.house import QUICK, SECRET, STOCK_ID, House, called_off, left_unpaid, opened, place_order, quote_of

WHOLE_WAY = ["AuthorizationRequested", "PaymentAuthorized", "CaptureRequested", "PaymentCaptured"]


@pytest.fixture(params=["memory", "sqlite"])
async def house(request, tmp_path) -> AsyncIterator[House]:
    async with opened(tmp_path, request.param) as house:
        await house.stock(1_000)
        yield house


@pytest.fixture
async def shop(tmp_path) -> AsyncIterator[House]:
    async with opened(tmp_path) as house:
        await house.stock(1_000)
        yield house


# one test per token


@pytest.mark.parametrize(
    "token",
    [
        "pm_card_visa",
        "pm_sim_lost_webhook",
        "pm_sim_duplicate_webhook",
        "pm_sim_reordered_webhooks",
        "pm_sim_late_webhook",
    ],
)
async def test_is_paid_with_one_charge(house, token):
    order_id = await house.buy(place_order(1, token))
    assert await house.ended(order_id) == "PAID"
    assert await house.payment_events(order_id) == WHOLE_WAY
    assert house.movements() == {(order_id, "authorize"): 1, (order_id, "capture"): 1}
    amounts = {row.amount for row in house.gateway.report()}
    assert amounts == {quote_of().totals.grand.amount}


@pytest.mark.parametrize("token", ["pm_sim_timeout", "pm_sim_error_then_good"])
async def test_a_failed_attempt_is_on_record_and_does_not_charge_twice(house, token):
    order_id = await house.buy(place_order(1, token))
    assert await house.ended(order_id) == "PAID"
    assert await house.payment_events(order_id) == [WHOLE_WAY[0], "AttemptFailed", *WHOLE_WAY[1:]]
    assert house.movements() == {(order_id, "authorize"): 1, (order_id, "capture"): 1}


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("pm_card_declined", "card_declined"),
        ("pm_card_insufficient_funds", "insufficient_funds"),
        ("pm_card_unheard_of", "unknown_payment_method"),
    ],
)
async def test_a_declined_card_cancels_the_order(house, token, reason):
    order_id = await house.buy(place_order(1, token))
    assert await house.ended(order_id) == "CANCELLED"
    assert await house.payment_events(order_id) == ["AuthorizationRequested", "PaymentDeclined"]
    assert (await house.engine.state(order_id)).reason == "payment_declined"
    assert (await house.engine.state(STOCK_ID)).held == 0
    assert house.movements() == {}


async def test_a_provider_that_never_does_anything_is_given_up(house):
    order_id = await house.buy(place_order(1, "pm_sim_timeout_nothing"))
    assert await house.ended(order_id) == "CANCELLED"
    failures = ["AttemptFailed"] * AUTHORIZE_ATTEMPTS_MAX
    assert await house.payment_events(order_id) == ["AuthorizationRequested", *failures, "PaymentDeclined"]
    assert house.movements() == {}


async def test_every_event_names_its_order_and_its_intent(shop):
    order_id = await shop.buy(place_order(1, "pm_card_visa"))
    await shop.ended(order_id)
    await shop.follower.wait_for(await shop.log.head(), 5)
    rows = await shop.log.read_stream(payment_id(order_id))
    events = [recorded(row) for row in rows]
    assert {event.meta.correlation for event in events} == {order_id}
    assert [event.meta.causation for event in events[1::2]] == [event.event_id for event in events[::2]]
    assert [event.meta.actor for event in events[1::2]] == ["system:payments"] * 2


async def test_many_at_once(shop):
    tokens = ["pm_card_visa", "pm_card_visa", "pm_sim_timeout", "pm_card_declined"]
    orders = [place_order(number, tokens[number % 4]) for number in range(200)]
    order_ids = await asyncio.gather(*(shop.buy(placed) for placed in orders))
    ends = await asyncio.gather(*(shop.ended(order_id, 30) for order_id in order_ids))
    assert ends == ["CANCELLED" if number % 4 == 3 else "PAID" for number in range(200)]
    assert set(shop.movements().values()) == {1}
    assert (await shop.engine.state(STOCK_ID)).committed == 150


# the same outcome from several sides


async def test_a_callback_that_comes_again_changes_nothing(shop):
    order_id = await shop.buy(place_order(1, "pm_sim_duplicate_webhook"))
    assert await shop.ended(order_id) == "PAID"
    await asyncio.sleep(0.1)
    head = await shop.log.head()
    assert len(shop.callbacks) == 4
    for body, headers in shop.callbacks * 2:
        assert await shop.payments.receive(body, headers)
    assert await shop.log.head() == head


async def test_a_callback_is_quicker_than_the_query(tmp_path):
    async with opened(tmp_path, pacing=replace(QUICK, first_query=30.0, longest=30.0)) as house:
        await house.stock(1)
        order_id = await house.buy(place_order(1, "pm_sim_duplicate_webhook"))
        assert await house.ended(order_id, 5) == "PAID"


async def test_a_callback_for_a_payment_of_another_shop_is_ignored(shop):
    body = b'{"key": "pay_UNKNOWN/1", "outcome": {"type": "authorized", "reference": "ch_1"}}'
    headers = Signer(SECRET).headers("msg_1", shop.engine.clock() // 1000, body)
    assert not await shop.payments.receive(body, headers)


# compensation


async def test_cancelled_while_paid_for_is_refunded(shop):
    order_id = await shop.buy(place_order(1, "pm_card_visa"))
    await shop.ended(order_id)
    await shop.submit(order.CancelOrder(order_id, "cancelled"), order_id)
    refunded = shop.engine.watch(payment_id(order_id), lambda state: state.status == "refunded")
    await asyncio.wait_for(refunded, 5)
    assert shop.movements() == {(order_id, kind): 1 for kind in ("authorize", "capture", "refund")}


async def test_cancelled_while_the_provider_is_asked_is_voided(shop):
    placed = place_order(1, "pm_sim_late_webhook")
    shop.gateway.find = silent  # the outcome comes by callback, and late
    order_id = await shop.buy(placed)
    await shop.submit(order.CancelOrder(order_id, "cancelled"), order_id)
    assert (await shop.engine.state(payment_id(order_id))).status == "authorizing"
    voided = shop.engine.watch(payment_id(order_id), lambda state: state.status == "voided")
    await asyncio.wait_for(voided, 10)
    assert shop.movements() == {(order_id, "authorize"): 1, (order_id, "void"): 1}


async def test_an_authorization_found_after_it_was_given_up_is_voided(shop):
    placed = place_order(1, "pm_sim_timeout_nothing")
    order_id = await shop.buy(placed)
    assert await shop.ended(order_id) == "CANCELLED"
    key = await shop.key(order_id)
    late = await shop.gateway.authorize(key, order_id, quote_of().totals.grand, "pm_card_visa")
    await shop.payments.complete(key, late)
    voided = shop.engine.watch(payment_id(order_id), lambda state: state.status == "voided")
    await asyncio.wait_for(voided, 5)
    assert shop.movements() == {(order_id, "authorize"): 1, (order_id, "void"): 1}


async def test_a_refused_capture_cancels_the_order_and_frees_the_goods(shop):
    void = shop.gateway.void

    async def capture_after_expiry(key, reference, amount, *, more=False):
        await void("expiry/1", reference)
        return await type(shop.gateway).capture(shop.gateway, key, reference, amount)

    shop.gateway.capture = capture_after_expiry
    order_id = await shop.buy(place_order(1, "pm_card_visa"))
    assert await shop.ended(order_id) == "CANCELLED"
    await shop.follower.wait_for(await shop.log.head(), 5)
    assert (await shop.payment_events(order_id))[-1] == "PaymentDeclined"
    assert (await shop.engine.state(STOCK_ID)).committed == 0


# an unreliable provider, an unreliable log


async def silent(key: str) -> Pending:
    return Pending()


async def test_captures_are_tried_until_they_succeed(shop):
    failures = iter([GatewayTimeout("no answer"), GatewayError("away")] * 4)
    capture = shop.gateway.capture

    async def unreliable(key: str, reference: str, amount: Money, **more: bool):
        for failure in failures:
            raise failure
        return await capture(key, reference, amount, **more)

    shop.gateway.capture = unreliable
    order_id = await shop.buy(place_order(1, "pm_card_visa"))
    assert await shop.ended(order_id) == "PAID"
    assert (await shop.payment_events(order_id)).count("AttemptFailed") == 8
    assert shop.movements() == {(order_id, "authorize"): 1, (order_id, "capture"): 1}


async def test_a_provider_that_cannot_even_be_asked_is_not_given_up(shop):
    """As long as nobody knows whether there is a charge, declining would be a guess."""
    find, refusals = shop.gateway.find, iter(range(AUTHORIZE_ATTEMPTS_MAX + 3))

    async def unreachable(key: str):
        for _ in refusals:
            raise GatewayError("away")
        return await find(key)

    shop.gateway.find = unreachable
    order_id = await shop.buy(place_order(1, "pm_sim_timeout"))
    assert await shop.ended(order_id) == "PAID"
    assert shop.movements() == {(order_id, "authorize"): 1, (order_id, "capture"): 1}


async def test_a_call_that_hangs_is_a_timeout(tmp_path):
    async with opened(tmp_path, pacing=replace(QUICK, call=0.05)) as house:
        await house.stock(1)
        authorize, slow = house.gateway.authorize, iter([True])

        async def hanging(*arguments, **more):
            result = await authorize(*arguments, **more)
            for _ in slow:
                await asyncio.sleep(60)
            return result

        house.gateway.authorize = hanging
        order_id = await house.buy(place_order(1, "pm_card_visa"))
        assert await house.ended(order_id) == "PAID"
        assert (await house.payment_events(order_id))[1] == "AttemptFailed"
        assert house.movements()[order_id, "authorize"] == 1


async def test_an_outcome_that_cannot_be_recorded_now_is_recorded_later(shop):
    submit, failures = shop.engine.submit, iter(range(3))

    async def failing(command, context: Context, **more):
        if isinstance(command, payment.RecordAuthorization):
            for _ in failures:
                raise StorageUnavailable("the disk is full")
        return await submit(command, context, **more)

    shop.engine.submit = failing
    order_id = await shop.buy(place_order(1, "pm_card_visa"))
    assert await shop.ended(order_id) == "PAID"
    assert await shop.payment_events(order_id) == WHOLE_WAY
    assert shop.movements() == {(order_id, "authorize"): 1, (order_id, "capture"): 1}


# processes that die


@pytest.mark.parametrize("moment", ["before the call", "after the charge", "before the capture", "after the capture"])
async def test_a_crash_leaves_exactly_one_charge(tmp_path, moment):
    """The first process never records the outcome; the second one finds the intent open and asks first."""
    first = House(tmp_path)
    await first.start(payments="capture" in moment)
    await first.stock(1)
    if "capture" in moment:
        stop_at_capture(first, charged=moment == "after the capture")
    order_id = await first.buy(place_order(1, "pm_card_visa"))
    if moment == "after the charge":
        key = await first.key(order_id)
        await first.gateway.authorize(key, order_id, quote_of().totals.grand, "pm_card_visa")
    if "capture" in moment:
        await asyncio.sleep(0.3)
    assert isinstance(await first.engine.state(order_id), order.OpenOrder)
    await first.crash()

    async with opened(tmp_path) as second:
        assert await second.ended(order_id) == "PAID"
        assert await second.payment_events(order_id) == WHOLE_WAY
        assert second.movements() == {(order_id, "authorize"): 1, (order_id, "capture"): 1}


def stop_at_capture(house: House, charged: bool) -> None:
    capture = house.gateway.capture

    async def hang(*arguments, **more):
        if charged:
            await capture(*arguments, **more)
        await asyncio.Event().wait()

    house.gateway.capture = hang


async def test_two_processes_on_one_log_charge_once(tmp_path):
    eager = Pacing(first_retry=0.01, first_query=0.02, longest=0.1, sweep=0.02, silent=0.0)
    async with opened(tmp_path, pacing=eager) as one, opened(tmp_path, pacing=eager) as other:
        await one.stock(100)
        tokens = ["pm_card_visa", "pm_sim_timeout", "pm_sim_lost_webhook", "pm_sim_duplicate_webhook"]
        orders = [place_order(number, tokens[number % 4]) for number in range(40)]
        houses = [one, other] * 20
        order_ids = await asyncio.gather(*(h.buy(placed) for h, placed in zip(houses, orders, strict=True)))
        ends = await asyncio.gather(*(one.ended(order_id, 20) for order_id in order_ids))
        assert set(ends) == {"PAID"}
        assert set(one.movements().values()) == {1}


async def test_views_that_lag_behind_make_no_work(tmp_path):
    house = House(tmp_path)
    await house.start(payments=False)
    await house.stock(1)
    order_id = await house.buy(place_order(1, "pm_card_visa"))
    await house.follower.wait_for(await house.log.head(), 5)
    with closing(sqlite3.connect(house.views.path)) as now, closing(sqlite3.connect(tmp_path / "stale.db")) as then:
        now.backup(then)
    await house.payments.start()
    assert await house.ended(order_id) == "PAID"
    stale = SQLiteViews(tmp_path / "stale.db", [CHECKOUTS, STOCK])
    late = PaymentProcess(house.engine, stale, house.gateway, pacing=replace(QUICK, silent=0.0))
    await late.sweep()
    assert late.working == 0
    stale.close()
    await house.close()


async def test_an_order_cancelled_while_nobody_worked_is_not_charged_any_more(tmp_path):
    order_id = await left_unpaid(tmp_path, called_off)
    async with opened(tmp_path) as second:
        declined = second.engine.watch(payment_id(order_id), lambda state: state.status == "declined")
        await asyncio.wait_for(declined, 5)
        assert second.movements() == {}


async def test_a_clean_end_lets_calls_in_flight_finish(tmp_path):
    house = House(tmp_path)
    await house.start()
    await house.stock(1)
    authorize, called = house.gateway.authorize, asyncio.Event()

    async def slow(*arguments, **more):
        called.set()
        await asyncio.sleep(0.3)
        return await authorize(*arguments, **more)

    house.gateway.authorize = slow
    order_id = await house.buy(place_order(1, "pm_card_visa"))
    await called.wait()
    await house.payments.close()
    assert (await house.payment_events(order_id))[1] == "PaymentAuthorized"
    assert house.payments.working == 0
    await house.close()


async def test_a_clean_end_does_not_wait_for_ever(tmp_path):
    house = House(tmp_path, pacing=replace(QUICK, close=0.1))
    await house.start()
    await house.stock(1)
    stop_at_capture(house, charged=False)
    await house.buy(place_order(1, "pm_card_visa"))
    await asyncio.sleep(0.2)
    async with asyncio.timeout(2):
        await house.payments.close()
    assert house.payments.working == 0
    await house.close()
