"""The engine when requests are repeated, commits get lost, and the disk is full."""

from __future__ import annotations

import asyncio

import pytest

from commands import engine as module
from commands.engine import Engine
from commands.errors import KeyReused, StorageUnavailable
from commands.store.sqlite import SQLiteLog
from domain.claim import AlreadyClaimed, TakeClaim
from domain.errors import Invalid
from domain.recorded import Recorded
from tests.commands.conftest import rows_of, settle
from tests.commands.driving import (
    STOCK,
    context,
    do,
    hold,
    receive,
    request,
)
from tests.waiting import until

BIG = 2**70
"""A number no stored event can hold."""


# repeated requests


async def test_a_repeated_request_is_answered_and_not_decided(engine, log):
    first = await do(engine, receive(5), request=request("k"))
    again = await do(engine, receive(5), request=request("k"))
    assert first.replayed is None
    assert again.replayed.body == b"version 1"
    assert again.events == []
    assert len(await rows_of(log)) == 1


async def test_a_key_used_for_another_request_is_refused(engine, log):
    await do(engine, receive(5), request=request("k"))
    with pytest.raises(KeyReused):
        await do(engine, receive(6), request=request("k", b"other"))
    assert len(await rows_of(log)) == 1


async def test_refusals_are_replayed_too(engine):
    taken = TakeClaim("clm_sku.A", "prd_2")
    await do(engine, TakeClaim("clm_sku.A", "prd_1"))
    with pytest.raises(AlreadyClaimed):
        await do(engine, taken, request=request("k"))
    again = await do(engine, taken, request=request("k"))
    assert (again.replayed.status, again.replayed.body) == (409, b"validation_failed")


async def test_twins_in_one_batch_are_decided_once(engine, log):
    first, twin, stranger = await settle(
        engine.submit(receive(5), context(), request=request("k")),
        engine.submit(receive(5), context(), request=request("k")),
        engine.submit(receive(5), context(), request=request("k", b"other")),
    )
    assert (first.version, twin.replayed.body) == (1, b"version 1")
    assert isinstance(stranger, KeyReused)
    assert len(await rows_of(log)) == 1


async def test_a_failed_request_is_not_answered_for_ever(engine, log):
    """A bug is a 5xx: the same key may be tried again."""
    with pytest.raises(OverflowError):
        await do(engine, hold("h", at=BIG, backorder=True), request=request("k"))
    assert (await log.replies(["k"])).get("k") is None
    assert (await do(engine, receive(1), request=request("k"))).replayed is None


# commits nobody heard of


@pytest.mark.parametrize("faults", [1, 3])
async def test_a_commit_whose_reply_is_lost_is_a_success_exactly_once(engine, log, faults):
    published: list[Recorded] = []
    engine.listeners.append(published.extend)
    for number in range(faults):
        log.lose_replies = 1
        outcome, refused, keyed = await settle(
            engine.submit(receive(1), context()),
            engine.submit(receive(0), context()),
            engine.submit(receive(1), context(), request=request(f"k{number}")),
        )
        assert (outcome.version, keyed.version) == (2 * number + 1, 2 * number + 2)
        assert isinstance(refused, Invalid)
    rows = await rows_of(log)
    assert len(rows) == 2 * faults
    assert [event.position for event in published] == [row.position for row in rows]
    assert (await do(engine, receive(1), request=request("k0"))).replayed.body == b"version 2"
    assert (await engine.state(STOCK)).on_hand == 2 * faults


async def test_a_commit_that_never_happened_is_reported(engine, log):
    published: list[Recorded] = []
    engine.listeners.append(published.extend)
    log.lose_commits = 1
    results = await settle(
        engine.submit(receive(1), context()), engine.submit(receive(2), context(), request=request("k"))
    )
    assert all(isinstance(result, StorageUnavailable) for result in results)
    assert await rows_of(log) == []
    assert (await log.replies(["k"])).get("k") is None
    assert published == []
    assert (await do(engine, receive(2), request=request("k"))).version == 1


async def test_nobody_is_told_what_rested_upon_a_lost_commit(engine, log):
    """A twin's replay, a repeated command, a refusal: each was decided upon an event that never came to be."""
    await do(engine, receive(5))
    log.lose_commits = 1
    results = await settle(
        engine.submit(hold("h", 5), context(), request=request("k")),
        engine.submit(hold("h", 5), context(), request=request("k")),
        engine.submit(hold("h", 5), context()),
        engine.submit(receive(1), context(), expected_version=1),
    )
    assert [type(result) for result in results] == [StorageUnavailable] * 4
    assert len(await rows_of(log)) == 1


@pytest.mark.parametrize("fault", ["lose_commits", "lose_replies"])
async def test_refusals_alone_survive_an_unknown_commit(engine, log, fault):
    setattr(log, fault, 1)
    (result,) = await settle(engine.submit(receive(0), context(), request=request("k")))
    stored = (await log.replies(["k"])).get("k")
    if fault == "lose_replies":
        assert isinstance(result, Invalid)
        assert stored.status == 409
    else:
        assert isinstance(result, StorageUnavailable)
        assert stored is None


async def test_the_log_is_asked_until_it_answers(engine, log):
    log.lose_replies, log.begins_to_fail = 1, 0
    log.gate = asyncio.Event()
    pending = engine.submit(receive(1), context())
    while log.commits == 0:  # noqa: ASYNC110
        await asyncio.sleep(0)
    log.begins_to_fail = 3
    log.gate.set()
    assert (await asyncio.wait_for(pending, 5)).version == 1


async def test_a_log_that_cannot_begin(engine, log):
    log.begins_to_fail = 2
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await do(engine, receive(1))
    assert (await do(engine, receive(1))).version == 1
    assert len(await rows_of(log)) == 1


@pytest.mark.parametrize("asked", [request("k"), None], ids=["a reply", "a stream"])
async def test_a_log_that_cannot_be_read_while_a_batch_flies(engine, log, asked):
    """What was to be decided ahead is decided in its turn; nothing waits for ever."""
    await do(engine, receive(1))
    log.gate = asyncio.Event()
    first = engine.submit(receive(2), context())
    await until(lambda: log.commits == 2)
    log.reads_to_fail = 1
    second = engine.submit(TakeClaim("clm_sku.A", "prd_1"), context(), request=asked)
    third = engine.submit(receive(4), context())
    await until(lambda: not log.reads_to_fail)
    log.gate.set()
    async with asyncio.timeout(5):
        outcomes = await settle(first, second, third)
    assert [outcome.version for outcome in outcomes] == [2, 1, 3]
    assert [row.version for row in await rows_of(log)] == [1, 2, 1, 3]


async def test_nothing_uncommitted_is_shown(engine, log):
    await do(engine, receive(1))
    log.gate, asked = asyncio.Event(), log.commits
    pending = engine.submit(receive(4), context())
    while log.commits == asked:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert (await engine.state(STOCK)).on_hand == 1
    log.gate.set()
    await pending
    assert (await engine.state(STOCK)).on_hand == 5


# the disk


async def test_a_full_disk_refuses_and_recovers(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.001)
    log = SQLiteLog.open(tmp_path / "log.db")
    engine = Engine(log, clock=clock)
    await engine.start()
    await do(engine, receive(1), request=request("first"))
    (pages,) = log._writer.execute("PRAGMA page_count").fetchone()
    log._writer.execute(f"PRAGMA max_page_count={pages + 5}")
    written, refused = 1, 0
    for n in range(60):
        results = await settle(*(engine.submit(receive(1), context(), request=request(f"{n}.{i}")) for i in range(20)))
        whole = [result for result in results if not isinstance(result, Exception)]
        assert len(whole) in (0, 20), "a batch is written whole or not at all"
        assert all(isinstance(result, StorageUnavailable) for result in results if result not in whole)
        written += len(whole)
        refused += len(results) - len(whole)
    assert refused
    assert len(await rows_of(log)) == written
    assert (await log.replies(["59.0"])).get("59.0") is None
    log._writer.execute("PRAGMA max_page_count=1073741823")
    assert (await do(engine, receive(1), request=request("59.0"))).version == written + 1
    await engine.close()
    await log.close()
