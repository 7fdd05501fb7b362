"""The engine: batches, one failing alone, the queue, versions, whole checkouts, watches."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from commands import engine as module
from commands import news
from commands.engine import Engine
from commands.errors import Overloaded, StorageUnavailable, UnreadableStream
from commands.idempotency import IdempotentRequest
from commands.mapper import recorded
from commands.reactor import CheckoutReactor
from commands.store.memory import MemoryLog
from domain.decider import Command
from domain.errors import DomainError, Invalid, VersionMismatch
from domain.inventory.inventory import INVENTORY, ReceiveStock, StockHeld, StockRefused
from domain.orders.order import CancelledOrder, OpenOrder, PaidOrder
from domain.recorded import Recorded
from tests.commands.conftest import rows_of, settle, tamper
from tests.commands.driving import (
    SKU,
    START,
    STOCK,
    buyer_id,
    context,
    do,
    hold,
    offer,
    pay,
    place,
    receive,
    request,
)
from tests.waiting import until

BIG = 2**70
"""A number no stored event can hold."""


# batches


async def test_a_command_is_decided_and_written(engine, log):
    outcome = await do(engine, receive(5))
    assert (outcome.stream, outcome.version, outcome.position, outcome.state.on_hand) == (STOCK, 1, 1, 5)
    assert [event.event.quantity for event in outcome.events] == [5]
    (row,) = await rows_of(log)
    meta = recorded(row).meta
    assert (meta.actor, meta.occurred_at, meta.recorded_at, meta.correlation) == ("usr_1", START, START, STOCK)


async def test_what_arrives_while_a_commit_flies_is_one_batch(engine, log):
    futures = [engine.submit(receive(1), context()) for _ in range(900)]
    await settle(*futures)
    assert log.commits <= 2
    assert (await engine.state(STOCK)).on_hand == 900


async def test_clients_in_a_closed_loop_share_commits(engine, log):
    async def client() -> None:
        for _ in range(10):
            await do(engine, receive(1))

    await asyncio.gather(*(client() for _ in range(50)))
    assert log.commits <= 25
    assert len(await rows_of(log)) == 500


async def test_what_comes_when_all_is_in_flight_is_decided_before_it_lands(engine, log):
    log.gate = asyncio.Event()
    first = engine.submit(receive(1), context())
    await until(lambda: log.commits == 1)
    assert engine.queue_depth == 0
    second = engine.submit(receive(2), context())
    await until(lambda: engine.peek(STOCK).on_hand == 3)
    assert engine.known(STOCK) is None
    assert log.commits == 1
    log.gate.set()
    await settle(first, second)
    assert log.commits == 2


async def test_a_batch_takes_off_before_anybody_hears_of_the_last(engine, log, monkeypatch):
    """However far away the log is: its server would wait while a thousand callers go on with what they do next."""
    monkeypatch.setattr(news, "TELL_S", 60)
    begin, log.gate, taken_off = log.begin, asyncio.Event(), []

    async def far_away() -> Any:
        for _ in range(20):
            await asyncio.sleep(0)
        return await begin()

    log.begin = far_away
    first = engine.submit(receive(1), context())
    await until(lambda: log.commits == 1)
    first.add_done_callback(lambda _: taken_off.append(log.commits))
    second = engine.submit(receive(2), context())
    log.gate.set()
    await settle(first, second)
    assert taken_off == [2]


async def test_callers_hear_although_the_next_batch_cannot_take_off(engine, log):
    log.gate = asyncio.Event()
    first = engine.submit(receive(1), context())
    await until(lambda: log.commits == 1)
    second = engine.submit(receive(2), context())
    others = asyncio.create_task(log.real.begin())  # the next to have the lock
    await asyncio.sleep(0)
    log.gate.set()
    assert (await asyncio.wait_for(first, 20)).state.on_hand == 1
    assert not second.done()
    await (await others).rollback()
    assert (await asyncio.wait_for(second, 20)).state.on_hand == 3


async def test_a_batch_is_bounded(engine, log, monkeypatch):
    monkeypatch.setattr(module, "BATCH_MAX", 10)
    await settle(*(engine.submit(receive(1), context()) for _ in range(95)))
    assert log.commits >= 10


async def test_commands_are_decided_in_the_order_they_came(engine):
    futures = [engine.submit(receive(1), context()), *(engine.submit(hold(f"h{n}"), context()) for n in range(3))]
    outcomes = await settle(*futures)
    assert [type(outcome.events[0].event) for outcome in outcomes[1:]] == [StockHeld, StockRefused, StockRefused]


# one fails alone


async def test_a_refused_command_fails_alone(engine, log):
    before, refused, after = await settle(*(engine.submit(receive(n), context()) for n in (1, 0, 2)))
    assert isinstance(refused, Invalid)
    assert (before.position, after.position) == (1, 2)
    assert len(await rows_of(log)) == 2


async def planted(engine: Engine, bad: Command, **more: Any) -> None:
    """Puts the bad command between two good ones of the same stream, in one batch."""
    await do(engine, receive(1))
    at = context(correlation=more.pop("correlation", ""))
    good, failed, also_good = await settle(
        engine.submit(receive(1), context()),
        engine.submit(bad, at, **more),
        engine.submit(receive(1), context()),
    )
    assert isinstance(failed, Exception)
    assert not isinstance(failed, DomainError | StorageUnavailable)
    assert (good.position, also_good.position) == (2, 3)
    assert (await engine.state(STOCK)).on_hand == 3
    assert len(await rows_of(engine.log)) == 3
    assert (await do(engine, receive(1))).version == 4


async def test_a_bug_in_decide_fails_its_caller_only(engine, monkeypatch):
    decide = INVENTORY.decisions[ReceiveStock]

    def buggy(command: ReceiveStock, state: Any) -> Any:
        assert command.quantity != 7, "planted"
        return decide(command, state)

    monkeypatch.setitem(INVENTORY.decisions, ReceiveStock, buggy)
    await planted(engine, receive(7))


async def test_events_that_cannot_be_stored_fail_their_caller_only_and_leave_no_hole(engine):
    await planted(engine, hold("h", at=BIG))


async def test_a_command_for_no_aggregate_fails_its_caller_only(engine):
    await planted(engine, receive(1, "xyz_1"))


async def test_a_stream_that_cannot_be_read_fails_its_caller_only(engine, log):
    await do(engine, receive(1, "stk_shp_1.BROKEN"))
    engine._aggregates.clear()
    real = log.real
    if isinstance(real, MemoryLog):
        rows = real.streams["stk_shp_1.BROKEN"]
        rows[0] = rows[0]._replace(topic="stock.vanished@1")
    else:
        await tamper(real, "UPDATE events SET topic = 'stock.vanished@1' WHERE stream = 'stk_shp_1.BROKEN'")
    good, bad = await settle(
        engine.submit(receive(1), context()), engine.submit(receive(1, "stk_shp_1.BROKEN"), context())
    )
    assert good.position == 2
    assert isinstance(bad, UnreadableStream)


async def test_an_answer_that_cannot_be_rendered_takes_its_events_back(engine, log):
    def render(outcome: Any) -> Any:
        raise ZeroDivisionError

    await planted(engine, receive(1), request=IdempotentRequest("k", b"d", render))
    assert (await log.replies(["k"])).get("k") is None


async def test_reactions_that_never_rest_take_the_whole_command_back(log, clock):
    class Restless(CheckoutReactor):
        calls = 0

        def react(self, events: Any, now: int) -> Any:
            self.calls += 1
            return [("ord_1", receive(1, f"stk_shp_1.{self.calls}"))]

    engine = Engine(log, clock=clock, reactor=Restless())
    await engine.start()
    await planted(engine, receive(1), correlation="ord_1")
    await engine.close()


async def test_what_is_taken_back_within_a_batch_leaves_what_came_before_it(engine):
    """The good events of the same stream, in the same batch, stay; so does a stream that was not cached."""
    await do(engine, receive(10))
    engine._aggregates.clear()

    def render(outcome: Any) -> Any:
        raise ZeroDivisionError

    results = await settle(
        engine.submit(hold("a", 2), context()),
        engine.submit(hold("b", 3), context(), request=IdempotentRequest("k", b"d", render)),
        engine.submit(hold("c", 4), context()),
    )
    assert [type(result) for result in results[1:2]] == [ZeroDivisionError]
    state = await engine.state(STOCK)
    assert (sorted(state.holds), state.held) == (["a", "c"], 6)
    assert [row.version for row in await engine.log.read_stream(STOCK)] == [1, 2, 3]


async def test_a_command_that_a_listener_gives_is_not_forgotten(engine):
    given: list[Any] = []
    engine.listeners.append(lambda events: given or given.append(engine.submit(receive(2), context())))
    await do(engine, receive(1))
    async with asyncio.timeout(5):
        await until(lambda: given)
        assert (await given[0]).version == 2


async def test_a_listener_that_fails_stops_nobody(engine):
    seen: list[Recorded] = []
    engine.listeners += [lambda events: 1 / 0, seen.extend]
    await do(engine, receive(1))
    await do(engine, receive(1))
    assert len(seen) == 2


async def test_who_measures_and_fails_stops_nobody(engine):
    seen: list[float] = []
    engine.landed += [lambda batch, seconds: 1 / 0, lambda batch, seconds: seen.append(seconds)]
    await do(engine, receive(1))
    async with asyncio.timeout(5):
        await do(engine, receive(1))
        await until(lambda: len(seen) == 2)


# the queue


async def test_a_full_queue_refuses_and_recovers(engine, monkeypatch):
    monkeypatch.setattr(module, "QUEUE_MAX", 50)
    accepted = [engine.submit(receive(1), context()) for _ in range(50)]
    with pytest.raises(Overloaded):
        engine.submit(receive(1), context())
    assert engine.queue_depth == 50
    await settle(*accepted)
    assert engine.queue_depth == 0
    assert (await do(engine, receive(1))).version == 51


async def test_close_finishes_what_was_accepted(log, clock):
    engine = Engine(log, clock=clock)
    await engine.start()
    futures = [engine.submit(receive(1), context()) for _ in range(module.BATCH_MAX + 5)]
    await engine.close()
    assert all(future.done() and future.exception() is None for future in futures)
    assert len(await rows_of(log)) == module.BATCH_MAX + 5
    with pytest.raises(Overloaded):
        engine.submit(receive(1), context())


async def test_a_caller_who_went_away_changes_nothing(engine, log):
    gone = engine.submit(receive(1), context())
    gone.cancel()
    await do(engine, receive(1))
    assert len(await rows_of(log)) == 2


# versions


async def test_if_match(engine):
    assert (await do(engine, receive(1), expected_version=0)).version == 1
    assert (await do(engine, receive(1), expected_version=1)).version == 2
    with pytest.raises(VersionMismatch) as refused:
        await do(engine, receive(1), expected_version=1)
    assert refused.value.data == {"expected": 1, "actual": 2}


async def test_of_two_who_saw_the_same_version_one_wins(engine):
    await do(engine, receive(1))
    results = await settle(*(engine.submit(receive(1), context(), expected_version=1) for _ in range(5)))
    assert [isinstance(result, VersionMismatch) for result in results] == [False, True, True, True, True]


# a whole checkout


async def test_a_purchase_takes_three_commits(engine, log):
    await offer(engine, SKU, 2)
    order_id = await place(engine, buyer_id(1), [SKU])
    before = log.commits
    await pay(engine, order_id)
    assert isinstance(await engine.state(order_id), PaidOrder)
    assert log.commits - before == 2
    item = await engine.state(STOCK)
    assert (item.on_hand, item.committed, item.held) == (2, 1, 0)


async def test_the_last_unit_is_sold_once(engine, log):
    await offer(engine, SKU, 3)
    orders = await asyncio.gather(*(place(engine, buyer_id(n), [SKU]) for n in range(10)))
    states = [await engine.state(order_id) for order_id in orders]
    assert sum(isinstance(state, OpenOrder) for state in states) == 3
    assert {state.reason for state in states if isinstance(state, CancelledOrder)} == {"out_of_stock"}


# watches


async def test_a_watch_resolves_with_the_commit(engine):
    watching = engine.watch(STOCK, lambda state: state.on_hand >= 3)
    await do(engine, receive(1))
    assert not watching.done()
    await do(engine, receive(2))
    outcome = await asyncio.wait_for(watching, 1)
    assert (outcome.version, outcome.position, outcome.state.on_hand) == (2, 2, 3)


async def test_a_watch_replaces_the_stored_answer(engine, log):
    watching = engine.watch(STOCK, lambda state: state.on_hand >= 3, request("k"))
    await do(engine, receive(1), request=request("k"))
    assert (await log.replies(["k"]))["k"].body == b"version 1"
    await do(engine, receive(2))
    await watching
    assert (await log.replies(["k"]))["k"].body == b"version 2"


async def test_an_outcome_has_the_answer_that_was_written_with_it(engine, log):
    watching = engine.watch(STOCK, lambda state: state.on_hand >= 3, request("k"))
    first, again = await asyncio.gather(
        do(engine, receive(1), request=request("k")), do(engine, receive(1), request=request("other"))
    )
    assert (first.reply.body, again.reply.body) == (b"version 1", b"version 2")
    await do(engine, receive(2))
    assert (await watching).reply == (await log.replies(["k"]))["k"]
    assert (await engine.answer_again(STOCK, request("k"))).reply.body == b"version 3"
    assert (await do(engine, receive(2))).reply is None


async def test_a_cancelled_watch_is_forgotten(engine):
    watching = engine.watch(STOCK, lambda state: True)
    watching.cancel()
    await do(engine, receive(1))
    assert not engine._watches._by_stream


async def test_a_watch_that_fails_harms_nobody(engine):
    bad = engine.watch(STOCK, lambda state: 1 / 0 > 0)
    good = engine.watch(STOCK, lambda state: True)
    assert (await do(engine, receive(1))).version == 1
    with pytest.raises(ZeroDivisionError):
        await bad
    assert (await good).version == 1


async def test_a_watch_hears_nothing_of_a_lost_commit(engine, log):
    watching = engine.watch(STOCK, lambda state: True)
    log.lose_commits = 1
    await settle(engine.submit(receive(1), context()))
    with pytest.raises(StorageUnavailable):
        await watching
