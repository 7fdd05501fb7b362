"""A checkout goes on within the batch, also when another engine began it."""

from __future__ import annotations

from functools import partial

import pytest

from commands.engine import Engine
from commands.mapper import recorded
from commands.reactor import CheckoutReactor
from commands.store.memory import MemoryLog
from domain.ids import payment_id
from domain.orders.order import OrderPaid
from domain.payments.payment import RecordAuthorization, RecordCapture
from tests.commands.driving import SKU, Clock, asked_with, buy, context, offer, pay, place


@pytest.fixture
async def other(log, clock, engine):
    started = Engine(log, clock=clock)
    await started.start()
    yield started
    await started.close()


async def steps(engine: Engine, order_id: str) -> list[int]:
    """Events that each report of the provider led to, in the commit that recorded it."""
    paying, outcomes = payment_id(order_id), []
    for report in (partial(RecordAuthorization, reference="ch_1"), RecordCapture):
        told = report(paying, await asked_with(engine, order_id))
        outcomes.append(await engine.submit(told, context(engine.clock(), order_id)))
    return [len(outcome.events) for outcome in outcomes]


async def test_a_checkout_of_another_engine_is_gone_on_with_within_the_batch(engine, other, log):
    await offer(engine, SKU, 10)
    order_id = await place(engine, "ada", [SKU])
    assert not other.reacts_to(order_id)
    other.absorb(await log.read(0, 100))
    assert other.reacts_to(order_id)
    # authorized, stock committed, confirmed, capture requested; captured, paid
    assert await steps(other, order_id) == [4, 2]


async def test_a_checkout_is_heard_of_under_the_lock_as_well(engine, other):
    await offer(engine, SKU, 10)
    order_id = await place(engine, "ada", [SKU])
    assert await steps(other, order_id) == [4, 2]


async def test_what_another_engine_saw_through_is_forgotten(engine, other, log):
    await offer(engine, SKU, 10)
    order_id = await place(engine, "ada", [SKU])
    other.absorb(await log.read(0, 100))
    assert engine.reacts_to(order_id)
    await pay(other, order_id)
    engine.absorb(await log.read(0, 100))
    assert not engine.reacts_to(order_id)


async def test_whoever_is_too_far_behind_leaves_it_to_the_checkout_process(engine, other, monkeypatch):
    monkeypatch.setattr("commands.engine.CATCH_UP_MAX", 3)
    await offer(engine, SKU, 10)
    order_id = await place(engine, "ada", [SKU])
    assert await steps(other, order_id) == [1, 0]  # nobody has asked for the capture yet
    assert not other.reacts_to(order_id)


async def test_a_checkout_that_waits_for_us_is_not_said_to_go_on_by_itself(engine, other, log):
    """The engine that placed it did not react: somebody else has to."""
    await offer(engine, SKU, 10)
    order_id = await place(engine, "ada", [SKU])
    rows = list(await log.read(0, 100))
    placed = next(n for n, row in enumerate(rows) if row.stream == order_id)
    third = Engine(log, clock=engine.clock)
    await third.start()
    third.position = 0
    third.absorb(rows[: placed + 1])
    assert not third.reacts_to(order_id)
    third.absorb(rows[placed + 1 :])
    assert third.reacts_to(order_id)
    await third.close()


async def test_a_flight_that_lands_late_does_not_hide_what_was_read_of_its_successors():
    log, clock = MemoryLog(), Clock()
    engine = Engine(log, clock=clock)
    await engine.start()
    await offer(engine, SKU, 10)
    order_id = await buy(engine, "ada", [SKU])
    rows = list(log.rows)
    first = next(n for n, row in enumerate(rows) if row.stream == order_id)
    last = max(n for n, row in enumerate(rows) if row.stream == order_id)
    assert type(recorded(rows[last]).event) is OrderPaid
    for heard, known in ((last, True), (last + 1, False)):
        reactor = CheckoutReactor()
        reactor.react([recorded(row) for row in rows[first : first + 3]], clock())
        reactor.take_off()
        reactor.absorb(rows[:heard])
        reactor.land(rows[first + 2].position)
        assert reactor.knows(order_id) is known
    await engine.close()


async def test_an_event_whose_envelope_is_damaged_holds_up_nobody(log, engine, other):
    """Its checkout is left to the checkout process."""
    await offer(other, SKU, 10)
    await place(other, "ada", [SKU])
    rows = list(await log.read(0, 100))
    placed = next(row for row in rows if row.topic.startswith("order.placed@"))
    rows[placed.position - 1] = placed._replace(meta=b"\xc1")
    engine.absorb(rows)
    assert engine.position == rows[-1].position
    assert not engine.reacts_to(placed.stream)
