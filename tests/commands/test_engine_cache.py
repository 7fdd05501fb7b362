"""The engine beside other engines, and what it keeps in memory and in snapshots."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from commands import engine as module
from commands.aggregates import SNAPSHOT_EVERY, Aggregates, fold
from commands.engine import Engine
from commands.errors import StorageUnavailable, UnreadableStream
from commands.idempotency import Answer, IdempotentRequest
from commands.moved import STREAMS_MAX, Moved
from commands.store.memory import MemoryLog
from commands.store.port import Loaded, Reply, Row
from commands.store.sqlite import SQLiteLog
from domain.inventory.inventory import CommitStock, ReleaseStock, ShipStock, StockHeld, StockReceived
from domain.inventory.stock import StockCommitted, StockShipped
from tests.commands.conftest import settle
from tests.commands.driving import (
    START,
    STOCK,
    Clock,
    context,
    do,
    hold,
    receive,
    request,
)
from tests.commands.faulty import FaultyLog
from tests.contracts.event_log import chained
from tests.waiting import until

# several engines on one log


@pytest.fixture
async def other(log, clock, engine):
    started = Engine(log, clock=clock)
    await started.start()
    yield started
    await started.close()


async def test_engines_take_in_what_the_other_wrote(engine, other):
    for turn in range(1, 6):
        assert (await do(engine, receive(1))).version == 2 * turn - 1
        assert (await do(other, receive(1))).version == 2 * turn
    assert (await do(engine, receive(1))).state.on_hand == 11


async def test_engines_never_oversell_together(engine, other, log):
    await do(engine, receive(10))
    outcomes = await settle(*((engine, other)[n % 2].submit(hold(f"h{n}"), context()) for n in range(40)))
    assert sum(isinstance(outcome.events[0].event, StockHeld) for outcome in outcomes) == 10


async def test_keys_hold_for_all_engines(engine, other):
    await do(engine, receive(1), request=request("k"))
    assert (await do(other, receive(1), request=request("k"))).replayed is not None


async def test_far_behind_is_caught_up_by_loading_anew(engine, other, monkeypatch):
    monkeypatch.setattr(module, "CATCH_UP_MAX", 3)
    await do(engine, receive(1))
    for _ in range(10):
        await do(other, receive(1))
    watching = engine.watch(STOCK, lambda state: state.on_hand >= 11)
    assert (await do(engine, receive(1, "stk_shp_1.B"))).position == 12
    assert (await asyncio.wait_for(watching, 1)).state.on_hand == 11
    assert (await do(engine, receive(1))).version == 12


@pytest.mark.parametrize("cached", [True, False])
async def test_a_watch_hears_of_other_engines_through_a_batch(engine, other, cached):
    """The engine may meet foreign events before the follower does; whoever waits must hear of them all the same."""
    if cached:
        await do(engine, receive(1))
    watching = engine.watch(STOCK, lambda state: state.on_hand >= 3)
    await do(other, receive(3))
    await do(engine, receive(1, "stk_shp_1.B"))
    assert (await asyncio.wait_for(watching, 1)).state.on_hand >= 3


async def test_a_watch_hears_of_other_engines_through_the_follower(engine, other, log):
    watching = engine.watch(STOCK, lambda state: state.on_hand >= 3)
    await do(other, receive(3))
    engine.absorb(await log.read(0, 10))
    assert (await asyncio.wait_for(watching, 1)).position == 1
    engine.absorb(await log.read(0, 10))
    assert engine.position == 1


# deciding ahead beside others


@pytest.fixture
def decided_under_the_lock(engine, monkeypatch):
    """Batches that were, rather than ahead of it."""
    batches, decide = [], engine._decide

    async def counted(transaction, submissions):
        batches.append(submissions)
        return await decide(transaction, submissions)

    monkeypatch.setattr(engine, "_decide", counted)
    return batches


async def overtaken(engine, log, foreign, *submitted):
    """Decides while a batch flies; but another process writes before what was decided does. What became of all."""
    log.gate = asyncio.Event()
    first = engine.submit(receive(1), context())
    await until(lambda: log.commits == 1)
    then = [engine.submit(command, context(), request=asked) for command, asked in submitted]
    await until(lambda: engine.queue_depth == 0)

    async def write() -> None:
        transaction = await log.real.begin()
        await transaction.append([row._replace(position=2) for row in foreign], [], [])
        await transaction.commit()

    writing = asyncio.create_task(write())
    await asyncio.sleep(0)
    log.gate.set()
    await writing
    return await settle(first, *then)


def numbered(key):
    """Its answer tells the position, as tokens do."""
    return IdempotentRequest(key, b"digest", lambda outcome: Answer(200, b"{}", f"at {outcome.position}".encode()))


async def test_what_was_decided_ahead_holds_although_others_write_to_other_streams(engine, log, decided_under_the_lock):
    foreign = chained(1, "stk_shp_1.B", StockReceived(7))
    _, second, twin, third = await overtaken(
        engine, log, foreign, (receive(2), numbered("k")), (receive(2), numbered("k")), (receive(4), None)
    )
    assert len(decided_under_the_lock) == 1
    assert [outcome.position for outcome in (second, twin, third)] == [3, 3, 4]
    assert [event.position for outcome in (second, third) for event in outcome.events] == [3, 4]
    assert twin.replayed.body == (await log.replies(["k"]))["k"].body == b"at 3"
    assert [(row.position, row.version) for row in await log.read(0, 9)] == [(1, 1), (2, 1), (3, 2), (4, 3)]
    assert engine.known("stk_shp_1.B") is None
    assert (await engine.state("stk_shp_1.B")).on_hand == 7
    assert not engine._contended


async def test_what_was_decided_ahead_is_decided_anew_when_others_wrote_to_its_streams(
    engine, log, decided_under_the_lock
):
    foreign = chained(1, STOCK, StockReceived(1), StockReceived(7))[1:]
    # Its predecessor is the flight's own event, whose hash is not the one made here; that is not what is tested.
    _, second = await overtaken(engine, log, foreign, (receive(2), numbered("k")))
    assert len(decided_under_the_lock) == 2
    assert (second.version, second.position, second.state.on_hand) == (3, 3, 10)
    assert (await log.replies(["k"]))["k"].body == b"at 3"
    assert engine._contended


async def test_what_waits_for_the_lock_is_decided_meanwhile(engine, other, log, decided_under_the_lock):
    """All of it goes with one commit, although nothing of our own flies and more comes while others have the lock."""
    await do(engine, receive(1))
    await do(other, receive(1, "stk_shp_1.B"))
    await do(engine, receive(1))
    decided_under_the_lock.clear()
    commits = log.commits
    theirs = await log.real.begin()
    first = [engine.submit(receive(1), context()) for _ in range(40)]
    await until(lambda: engine.peek(STOCK).on_hand == 42)
    then = [engine.submit(receive(1), context()) for _ in range(40)]
    await until(lambda: engine.peek(STOCK).on_hand == 82)
    assert engine.known(STOCK).version == 2
    await theirs.append(chained(4, "stk_shp_1.C", StockReceived(7)), [], [])
    await theirs.commit()
    await settle(*first, *then)
    assert log.commits == commits + 1
    assert not decided_under_the_lock
    assert [row.version for row in await log.read(4, 100)] == list(range(3, 83))
    assert (await engine.state("stk_shp_1.C")).on_hand == 7


async def test_whether_others_write_is_known_although_the_follower_was_first_to_tell(engine, other, log):
    await do(engine, receive(1))
    assert not engine._crowded
    await do(other, receive(1, "stk_shp_1.B"))
    engine.absorb(await log.read(1, 10))
    await do(engine, receive(1))
    assert engine._crowded
    await do(engine, receive(1))
    assert not engine._crowded


async def test_what_waits_for_a_lock_that_cannot_be_had_fails_and_is_decided_no_more(engine, other, log):
    await do(engine, receive(1))
    await do(other, receive(1, "stk_shp_1.B"))
    await do(engine, receive(1))
    log.begins_to_fail = 1
    failed = engine.submit(receive(1), context())
    await settle(failed)
    assert isinstance(failed.exception(), StorageUnavailable)
    assert (await do(engine, receive(1))).version == 3


async def test_what_fails_upon_what_is_no_longer_so_is_no_bug(engine, log, decided_under_the_lock, capsys):
    """Units were sold by another process, whose events come with the lock: there is nothing to ship until then."""
    foreign = chained(1, STOCK, StockReceived(1), StockCommitted("ord_1", 1))[1:]
    _, shipped = await overtaken(engine, log, foreign, (ShipStock(STOCK, "shi_1", 1), None))
    assert len(decided_under_the_lock) == 2
    assert [type(event.event) for event in shipped.events] == [StockShipped]
    assert "command_failed" not in capsys.readouterr().out


async def test_what_fails_although_nothing_has_changed_is_told(engine, log, decided_under_the_lock, capsys):
    foreign = chained(1, "stk_shp_1.B", StockReceived(7))
    _, failed = await overtaken(engine, log, foreign, (ShipStock(STOCK, "shi_1", 1), None))
    assert len(decided_under_the_lock) == 2
    assert isinstance(failed, AssertionError)
    assert "command_failed" in capsys.readouterr().out


async def test_a_key_that_another_process_answered_meanwhile_is_not_decided(engine, log, decided_under_the_lock):
    log.gate = asyncio.Event()
    first = engine.submit(receive(1), context())
    await until(lambda: log.commits == 1)
    second = engine.submit(receive(2), context(), request=numbered("k"))
    await until(lambda: engine.queue_depth == 0)

    async def write() -> None:
        transaction = await log.real.begin()
        await transaction.append([], [Reply("k", b"digest", 200, b"{}", b"theirs", START)], [])
        await transaction.commit()

    writing = asyncio.create_task(write())
    await asyncio.sleep(0)
    log.gate.set()
    await settle(writing, first, second)
    assert second.result().replayed.body == b"theirs"
    assert (await engine.state(STOCK)).on_hand == 1


def test_whoever_hears_of_too_many_streams_takes_all_for_moved():
    moved = Moved()
    moved.hear(["a", "b"])
    assert moved.touches({"b", "c"})
    assert not moved.touches({"c"})
    moved.hear(str(n) for n in range(STREAMS_MAX))
    assert moved.touches({"c"})
    moved.forget()
    assert not moved.touches({"b", "c"})


# the cache, and snapshots


async def test_the_cache_is_bounded_and_rebuilt(log, clock):
    engine = Engine(log, aggregates_max=100, clock=clock)
    await engine.start()
    for turn in range(1, 4):
        outcomes = await settle(*(engine.submit(receive(1, f"stk_shp_1.{n}"), context()) for n in range(700)))
        assert {outcome.version for outcome in outcomes} == {turn}
        for n in range(700, 1_200):
            await engine.state(f"stk_shp_1.{n % 700}")
        assert len(engine._aggregates) <= 1_000
    assert (await engine.state("stk_shp_1.5")).on_hand == 3
    await engine.close()


async def test_a_hot_stream_loads_cold_from_its_snapshot(tmp_path, clock, capsys):
    log = FaultyLog(SQLiteLog.open(tmp_path / "log.db"))
    engine = Engine(log, clock=clock)
    await engine.start()
    for size in (*[1_000] * 99, 850, 150):
        await settle(*(engine.submit(receive(1), context()) for _ in range(size)))
    await engine.close()
    cold = Engine(log, clock=clock)
    await cold.start()
    log.rows_loaded, begun = 0, time.perf_counter()
    state = await cold.state(STOCK)
    taken = (time.perf_counter() - begun) * 1_000
    assert (state.on_hand, (await cold.load(STOCK)).version) == (100_000, 100_000)
    assert 0 < log.rows_loaded < SNAPSHOT_EVERY
    with capsys.disabled():
        print(f"\ncold load of 100,000 events: {taken:.1f} ms, {log.rows_loaded} rows folded")
    await cold.close()
    await log.close()


STEPS = st.lists(
    st.one_of(
        st.builds(receive, st.integers(1, 5)),
        st.builds(
            lambda n, quantity, late: hold(f"h{n}", quantity, at=START + late, limit=4, account_id=f"usr_{n % 2}"),
            st.integers(0, 6),
            st.integers(1, 3),
            st.integers(0, 900_000),
        ),
        st.builds(lambda n: CommitStock(STOCK, f"h{n}", 1, START), st.integers(0, 6)),
        st.builds(
            lambda n, reason: ReleaseStock(STOCK, f"h{n}", START, reason),
            st.integers(0, 6),
            st.sampled_from(["expired", "cancelled"]),
        ),
    ),
    max_size=40,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, every=st.integers(1, 9))
async def test_a_snapshot_is_what_the_events_add_up_to(steps, every):
    from commands import aggregates

    log = MemoryLog()
    engine = Engine(log, clock=Clock())
    await engine.start()
    kept, aggregates.SNAPSHOT_EVERY = aggregates.SNAPSHOT_EVERY, every
    try:
        for step in [receive(5), *steps]:
            await settle(engine.submit(step, context()))
    finally:
        aggregates.SNAPSHOT_EVERY = kept
        await engine.close()
    rows = await log.read_stream(STOCK)
    full = astuple(fold(STOCK, Loaded(None, rows)))[:3]
    assert astuple(fold(STOCK, (await log.load([STOCK]))[STOCK]))[:3] == full
    assert astuple(await engine.load(STOCK))[:3] == full
    assert len(rows) < every or log.snapshots[STOCK].version > len(rows) - every


def test_a_gap_in_what_is_absorbed_forgets_the_stream():
    known = Aggregates(100)
    known.keep(STOCK, replace(fold(STOCK, Loaded(None, [])), version=1))
    known.absorb([Row(9, STOCK, 3, "stock.received@1", b"", b"", b"")])
    assert known.get(STOCK) is None


async def test_what_another_process_wrote_and_nobody_here_can_read_holds_up_its_own_stream_only(log, clock, engine):
    """A newer Kontor writes beside this one: its events are met while catching up, within everybody's batch."""
    await do(engine, receive(1))
    await do(engine, receive(1, "stk_shp_1.OTHER"))
    [row] = chained(1, STOCK, StockReceived(1), StockReceived(2))[1:]
    transaction = await log.begin()
    await transaction.append([row._replace(position=3, topic="stock.received@9")], [], [])
    await transaction.commit()
    good, bad = await settle(
        engine.submit(receive(1, "stk_shp_1.OTHER"), context()), engine.submit(receive(1), context())
    )
    assert (good.version, good.position) == (2, 4)
    assert isinstance(bad, UnreadableStream)
    with pytest.raises(UnreadableStream, match=r"position 3, UnknownEvent\('stock.received@9'\)"):
        await engine.load(STOCK)


@pytest.mark.parametrize("cached", [True, False])
def test_a_flight_that_lands_late_does_not_hide_what_was_read_of_its_successor(cached):
    """Another process wrote to the same stream right behind our batch, and was read before our commit was known."""
    rows = chained(1, STOCK, StockReceived(1), StockReceived(2), StockReceived(4))
    aggregates = Aggregates(100)
    if cached:
        aggregates.keep(STOCK, fold(STOCK, Loaded(None, rows[:1])))
    aggregates.put(STOCK, fold(STOCK, Loaded(None, rows[:2])))
    aggregates.take_off()
    aggregates.absorb(rows[1:])
    aggregates.land()
    assert aggregates.committed(STOCK) == (fold(STOCK, Loaded(None, rows)) if cached else None)


def test_what_was_read_of_a_flight_itself_lands():
    rows = chained(1, STOCK, StockReceived(1), StockReceived(2))
    aggregates = Aggregates(100)
    aggregates.put(STOCK, fold(STOCK, Loaded(None, rows)))
    aggregates.take_off()
    aggregates.absorb(rows)
    aggregates.land()
    assert aggregates.committed(STOCK) == fold(STOCK, Loaded(None, rows))


async def test_nothing_is_decided_ahead_while_others_write_to_the_same_streams(log, clock):
    """It would be decided upon a state that others have changed by the time it is written."""
    mine, theirs = Engine(log, clock=clock), Engine(log, clock=clock)
    for engine in (mine, theirs):
        await engine.start()
    await do(mine, receive(1))
    assert not mine._contended
    await do(theirs, receive(1))
    await settle(*(mine.submit(receive(1), context()) for _ in range(20)))
    assert mine._contended
    await settle(*(mine.submit(receive(1), context()) for _ in range(20)))
    assert not mine._contended, "it was alone since its last commit"
    assert (await do(theirs, receive(1))).version == 43
    for engine in (mine, theirs):
        await engine.close()
