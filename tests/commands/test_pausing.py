"""Resting in a loop: until something happens, for a while at most, and no longer than somebody wants."""

from __future__ import annotations

import asyncio

import pytest

from commands.pausing import pause


async def test_it_ends_with_the_event_or_with_the_time():
    event = asyncio.Event()
    await pause(event, 0.001)
    await pause(event, 0)
    event.set()
    await pause(event, None)
    await pause(event, -1)


@pytest.mark.parametrize("turns", range(5))
async def test_a_loop_that_rests_ends_when_it_is_cancelled_in_the_moment_of_the_event(turns: int):
    event = asyncio.Event()

    async def rests() -> None:
        while True:
            await pause(event, 60)
            event.clear()

    resting = asyncio.create_task(rests())
    await asyncio.sleep(0.01)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    resting.cancel()
    _, late = await asyncio.wait([resting], timeout=1)
    assert not late
    assert resting.cancelled()
