"""What an engine hears of others while the log is slow, away for a moment, or damaged."""

from __future__ import annotations

import asyncio

import pytest

from commands.engine import Engine
from commands.errors import UnreadableStream
from commands.store.memory import MemoryLog
from tests.commands.driving import STOCK, do, receive
from tests.commands.faulty import FaultyLog
from tests.damage import damage


@pytest.fixture
async def other(log, clock):
    started = Engine(log, clock=clock)
    await started.start()
    yield started
    await started.close()


async def test_a_watch_hears_of_other_engines_once_the_log_can_be_read(log, clock, other):
    faulty = FaultyLog(log)
    engine = Engine(faulty, clock=clock)
    await engine.start()
    watching = engine.watch(STOCK, lambda state: state.on_hand >= 3)
    await do(other, receive(3))
    faulty.reads_to_fail = 1
    engine.absorb(await log.read(0, 10))
    assert (await asyncio.wait_for(watching, 2)).state.on_hand == 3
    await engine.close()


async def test_a_watch_of_a_stream_that_cannot_be_read_is_told_so(clock):
    log = MemoryLog()
    engine, other = Engine(log, clock=clock), Engine(log, clock=clock)
    for one in (engine, other):
        await one.start()
    watching = engine.watch(STOCK, lambda state: True)
    await do(other, receive(3))
    damage(log, STOCK)
    engine.absorb(await log.read(0, 10))
    with pytest.raises(UnreadableStream):
        await asyncio.wait_for(watching, 1)
    for one in (engine, other):
        await one.close()


class Slow(FaultyLog):
    """What was loaded arrives late."""

    def __init__(self, real):
        super().__init__(real)
        self.arrives = asyncio.Event()

    async def load(self, streams):
        loaded = await super().load(streams)
        await self.arrives.wait()
        return loaded


@pytest.mark.parametrize("through", ["the follower", "a batch"])
async def test_what_others_wrote_while_a_stream_was_read_is_not_missed(log, clock, other, through):
    """What arrives from the log is older than what has been heard of by then."""
    slow = Slow(log)
    engine = Engine(slow, clock=clock)
    await engine.start()
    await do(other, receive(1))
    loading = asyncio.create_task(engine.load(STOCK))
    await asyncio.sleep(0.01)
    await do(other, receive(1))
    if through == "a batch":
        await do(engine, receive(1, "stk_shp_1.B"))
    else:
        engine.absorb(await log.read(0, 10))
    slow.arrives.set()
    assert (await loading).version == 1, "as it was when it was asked for"
    assert (await engine.state(STOCK)).on_hand == 2
    assert (await do(engine, receive(1))).version == 3
    await engine.close()
