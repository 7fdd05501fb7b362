"""Calls of one moment are worked off together, and fail apart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from projections.rounds import Rounds
from projections.views import ViewsUnavailable


class Work:
    """Answers a word in capitals, refuses ``bad`` and waits for leave if it has to."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []
        self.done: list[str] = []
        self.leave = asyncio.Event()
        self.leave.set()

    async def __call__(self, words: Sequence[str]) -> list[str | Exception]:
        self.rounds.append(list(words))
        await self.leave.wait()
        if "worst" in words:
            raise OSError("away")
        self.done += words
        return [ValueError(word) if word == "bad" else word.upper() for word in words]


async def test_the_calls_of_one_moment_are_one_round():
    work = Work()
    rounds = Rounds(work)
    assert await asyncio.gather(*(rounds.join(word) for word in "abc")) == ["A", "B", "C"]
    assert await rounds.join("d") == "D"
    assert work.rounds == [["a", "b", "c"], ["d"]]


async def test_who_comes_later_does_not_wait_for_the_round_under_way():
    work = Work()
    rounds = Rounds(work)
    work.leave.clear()
    first = asyncio.create_task(rounds.join("a"))
    await asyncio.sleep(0.01)
    work.leave.set()
    assert await rounds.join("b") == "B"
    assert await first == "A"
    assert work.rounds == [["a"], ["b"]]


async def test_one_that_fails_fails_alone():
    rounds = Rounds(Work())
    good, bad = await asyncio.gather(rounds.join("good"), rounds.join("bad"), return_exceptions=True)
    assert good == "GOOD"
    assert isinstance(bad, ValueError)


async def test_what_the_work_raises_all_hear_of():
    rounds = Rounds(Work())
    outcomes = await asyncio.gather(rounds.join("a"), rounds.join("worst"), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OSError, OSError]
    assert await rounds.join("b") == "B"


async def test_a_call_that_is_cancelled_ends_its_round():
    work = Work()
    rounds = Rounds(work)
    work.leave.clear()
    mine, other = asyncio.create_task(rounds.join("a")), asyncio.create_task(rounds.join("b"))
    await asyncio.sleep(0.01)
    mine.cancel()
    with pytest.raises(asyncio.CancelledError):
        await mine
    with pytest.raises(ViewsUnavailable):
        await other
    work.leave.set()
    await asyncio.sleep(0.01)
    assert work.done == []
