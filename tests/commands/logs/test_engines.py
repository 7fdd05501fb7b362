"""Commands on several logs: each to the log of its stream, a purchase through all, one order for whoever reads."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from commands.batch import Outcome
from commands.context import Context
from commands.engine import Engine
from commands.errors import KeyReused
from commands.idempotency import Answer, IdempotentRequest
from commands.logs.engines import Engines
from commands.logs.vector import Vector, parse_vector
from commands.store.memory import MemoryLog
from domain.claim import TakeClaim
from domain.errors import DomainError, VersionMismatch
from domain.ids import payment_id
from domain.orders.order import CancelledOrder, PaidOrder
from domain.payments.payment import RecordAuthorization, RecordCapture
from tests.commands.driving import SKU, STOCK, Clock, asked_with, buy, context, do, hold, offer, receive
from tests.commands.driving import place as place_order
from tests.commands.logs.place import engines, named, settled

LOGS = 4


@pytest.fixture
async def engine(place):
    async with engines(place, LOGS) as started:
        yield started


def take(engine: Engines, log: int, owner: str = "usr_1") -> TakeClaim:
    return TakeClaim(named("clm", log, engine.log), owner)


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(2_000):
        if await condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("not in ten seconds")


async def is_paid(engine: Engine, order_id: str) -> bool:
    return isinstance(await engine.state(order_id), PaidOrder)


async def topics(log: Any) -> dict[str, list[str]]:
    found = defaultdict(list)
    for row in await log.read(0, 10_000):
        found[row.stream].append(row.topic)
    return found


def test_nothing_of_an_engine_is_left_out():
    public = {name for name in vars(Engine) if not name.startswith("_")}
    assert public <= vars(Engines).keys()


# the saga


async def test_a_purchase_crosses_logs_and_is_what_it_is_on_one(engine):
    alone = Engine(MemoryLog(), clock=Clock())
    await alone.start()
    await offer(alone, SKU, 10)
    await buy(alone, "ada", [SKU])
    await alone.close()

    await offer(engine, SKU, 10)
    order_id = await place_order(engine, "ada", [SKU])
    homes = {engine.log.directory.home_of(stream) for stream in (order_id, "crt_ada", STOCK)}
    assert len(homes) > 1, "choose other names: this one stays on a log"
    await pay_when_asked(engine, order_id)
    await eventually(partial(is_paid, engine, order_id))
    await settled(engine)
    assert await topics(engine.log) == await topics(alone.log)
    for number, log in enumerate(engine.log.logs):
        assert {engine.log.directory.home_of(row.stream) for row in await log.read(0, 10_000)} <= {number}


async def asked_for(engine: Engines, stream: str, name: str) -> bool:
    return any(row.topic.startswith(name) for row in await engine.log.read_stream(stream))


async def pay_when_asked(engine: Engines, order_id: str) -> None:
    """The provider reports what it was asked for, and no sooner."""
    paying = payment_id(order_id)
    for name, report in (
        ("payment.authorization_requested", partial(RecordAuthorization, reference="ch_1")),
        ("payment.capture_requested", RecordCapture),
    ):
        await eventually(partial(asked_for, engine, paying, name))
        await engine.submit(report(paying, await asked_with(engine, order_id)), context(engine.clock(), order_id))


async def test_the_last_unit_is_sold_once_and_the_other_order_called_off(engine):
    await offer(engine, SKU, 1)
    orders = [await place_order(engine, buyer, [SKU]) for buyer in ("ada", "bob")]
    await settled(engine)
    states = [await engine.state(order) for order in orders]
    assert [isinstance(state, CancelledOrder) for state in states].count(True) == 1
    assert len((await engine.state(STOCK)).holds) == 1


# who hears


async def test_listeners_hear_every_event_once_at_its_place(engine):
    heard: list[Any] = []
    runs: list[list[int]] = []
    engine.listeners.append(heard.extend)
    engine.listeners.append(lambda events: runs.append([event.position for event in events]))
    await asyncio.gather(*(do(engine, TakeClaim(f"clm_{n}", "usr_1")) for n in range(200)))
    await settled(engine)
    rows = await engine.log.read(0, 1_000)
    assert [(event.position, event.stream, event.version) for event in sorted(heard, key=lambda one: one.position)] == [
        (row.position, row.stream, row.version) for row in rows
    ]
    assert [row.position for row in rows] == list(range(1, 201))
    assert all(run == list(range(run[0], run[0] + len(run))) for run in runs)


async def test_a_token_shows_what_was_written_and_all_that_was_answered_before(engine):
    await do(engine, take(engine, 0))
    await do(engine, take(engine, 1))
    outcome = await do(engine, take(engine, 2))
    assert isinstance(outcome.position, Vector)
    assert outcome.position.parts == (1, 1, 1, 0)
    shown = await engine.log.wait_for_place(outcome.position, 1)
    assert shown == 3
    assert len(await engine.log.read(0, shown)) == 3


async def test_a_token_of_the_future_is_waited_for_in_vain(engine):
    assert await engine.log.wait_for_place(Vector((0, 0, 5, 0)), 0.05) is None
    assert await engine.log.wait_for_place(Vector((0,) * 5), 0.05) is None


async def test_a_shorter_token_is_of_before_there_were_so_many_logs(engine):
    await do(engine, take(engine, 0))
    assert await engine.log.wait_for_place(Vector((1, 0)), 1) == 1


async def test_reading_a_stream_shows_places(engine):
    for log in (0, 1, 2):
        await do(engine, take(engine, log))
    rows = {row.stream: row.position for row in await engine.log.read(0, 10)}
    for stream, at in rows.items():
        [row] = await engine.log.read_stream(stream)
        assert row.position == at


# what an engine promises


def answered(key: str, digest: bytes = b"same") -> IdempotentRequest:
    def render(outcome: Any) -> Answer:
        assert isinstance(outcome, Outcome | DomainError)
        return Answer(200, b"{}", str(getattr(outcome, "position", "refused")).encode())

    return IdempotentRequest(key, digest, render)


async def test_a_request_is_answered_again_with_the_same_token_after_a_restart(place):
    async with engines(place, LOGS) as engine:
        await do(engine, take(engine, 1))
        command = take(engine, 3)
        await do(engine, command, request=answered("key"))
    async with engines(place, LOGS) as engine:
        again = await do(engine, command, request=answered("key"))
        assert again.replayed is not None
        token = parse_vector(again.replayed.body.decode())
        assert token is not None
        assert token.parts == (0, 1, 0, 1)
        with pytest.raises(KeyReused):
            await do(engine, command, request=answered("key", b"another"))
        assert list(await engine.log.replies(["key", "none"])) == ["key"]


async def test_a_key_holds_whatever_log_the_command_goes_to(engine):
    first = await do(engine, take(engine, 1), request=answered("key"))
    again = await do(engine, take(engine, 2), request=answered("key"))
    assert again.replayed == first.reply
    with pytest.raises(KeyReused):
        await do(engine, take(engine, 3), request=answered("key", b"another"))
    assert [await log.head() for log in engine.log.logs] == [0, 1, 0, 0]


async def test_of_one_key_in_two_logs_at_the_same_instant_one_command_is_decided(engine):
    both = await asyncio.gather(*(do(engine, take(engine, log), request=answered("key")) for log in (1, 2)))
    assert [one.replayed is None for one in both] == [True, False]
    assert [await log.head() for log in engine.log.logs] == [0, 1, 0, 0]


async def test_a_key_holds_also_when_nobody_waits_for_the_first_answer_any_more(engine):
    """As when the request took too long and is sent again."""
    asked = engine.submit(take(engine, 1), context(), request=answered("key"))
    for _ in range(3):  # so that it is under way
        await asyncio.sleep(0)
    asked.cancel()
    again = await do(engine, take(engine, 2), request=answered("key"))
    assert (again.stream, again.replayed is not None) == (take(engine, 2).claim_id, True)
    assert [await log.head() for log in engine.log.logs] == [0, 1, 0, 0]


async def test_a_refusal_under_a_key_is_that_of_all_logs(engine):
    with pytest.raises(VersionMismatch):
        await do(engine, take(engine, 1), request=answered("key"), expected_version=7)
    again = await do(engine, take(engine, 2), request=answered("key"))
    assert again.replayed.body == b"refused"


async def test_what_is_refused_is_refused_alone(engine):
    first = asyncio.gather(
        do(engine, take(engine, 0)),
        do(engine, take(engine, 1), expected_version=7),
        do(engine, hold("hld_1", stock=named("stk", 2, engine.log))),
        return_exceptions=True,
    )
    taken, mismatch, _ = await first
    assert isinstance(taken, Outcome)
    assert isinstance(mismatch, VersionMismatch)


async def test_state_is_that_of_the_streams_log_and_as_new_as_asked_for(engine):
    await do(engine, receive(5))
    outcome = await do(engine, receive(2))
    assert (await engine.state_since(STOCK, outcome.position)).on_hand == 7
    shown = await engine.log.wait_for_place(outcome.position, 1)
    assert shown == 2
    assert (await engine.state_since(STOCK, shown)).on_hand == 7
    assert engine.peek(STOCK).on_hand == engine.known(STOCK).state.on_hand == 7


async def test_two_processes_hear_of_each_other(place):
    async with engines(place, LOGS) as one, engines(place, LOGS) as other:
        await do(one, receive(5))
        assert (await other.state(STOCK)).on_hand == 5
        await do(one, receive(5))
        await other.abreast()
        assert (await other.state(STOCK)).on_hand == 10
        await do(other, receive(1))
        await one.log.cut()
        await one.log.order.look()
        assert (await one.log.head(), [row.position for row in await one.log.read(0, 9)]) == (3, [1, 2, 3])


async def test_a_caller_who_goes_away_takes_nothing_with_him(engine):
    context_ = Context("usr_1", "cmd", 1)
    asked = engine.submit(take(engine, 0), context_)
    asked.cancel()
    await do(engine, take(engine, 1))
    with pytest.raises(asyncio.CancelledError):
        await asked
