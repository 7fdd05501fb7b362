"""A look at the log that many share: never older than the question."""

from __future__ import annotations

import asyncio

import pytest

from commands.store.shared import SharedLook


class Slow:
    """Looks at a number that moves, and takes its time to tell."""

    def __init__(self) -> None:
        self.number = 0
        self.looks = 0
        self.fails = False

    async def look(self) -> int:
        self.looks += 1
        seen = self.number
        await asyncio.sleep(0.005)
        if self.fails:
            raise OSError("away")
        return seen


async def test_nobody_hears_what_was_looked_up_before_the_question():
    slow = Slow()
    look = SharedLook(slow.look)

    async def ask() -> None:
        for _ in range(20):
            slow.number += 1
            at_least = slow.number
            assert await look() >= at_least

    await asyncio.gather(*(ask() for _ in range(10)))
    assert slow.looks < 60, "200 questions share few looks"


async def test_who_asks_alone_is_answered_at_once():
    slow = Slow()
    look = SharedLook(slow.look)
    assert [await look(), await look()] == [0, 0]
    assert slow.looks == 2


async def test_an_error_is_for_those_who_share_the_look_and_not_for_later_ones():
    slow = Slow()
    look = SharedLook(slow.look)
    slow.fails = True
    errors = await asyncio.gather(*(look() for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in errors] == [OSError] * 3
    slow.fails = False
    assert await look() == 0


async def test_one_who_goes_away_does_not_take_the_answer_with_him():
    slow = Slow()
    look = SharedLook(slow.look)
    gone, stays = asyncio.create_task(look()), asyncio.create_task(look())
    await asyncio.sleep(0.001)
    gone.cancel()
    assert await stays == 0
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_closing_ends_what_is_under_way():
    slow = Slow()
    look = SharedLook(slow.look)
    asking = asyncio.create_task(look())
    await asyncio.sleep(0.001)
    await look.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
