"""Answers until the index changes, and the moment after: nobody waits who does not insist, nobody is told too much."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from readapi.caching.remembered import (
    KEY_BYTES_MAX,
    RENEW_EVERY_S,
    RENEWED_ASKED,
    RENEWED_MAX,
    STALE_S,
    Refreshed,
    Remembered,
)


class Index:
    """Changes when it is told to; an answer names the generation it was made of, once the gate is open."""

    def __init__(self, maximum: int = 100) -> None:
        self.generation = 1
        self.position = 10
        self.now = 100.0
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: Counter[bytes] = Counter()
        self.fails: set[bytes] = set()
        self.answers: Refreshed[str] = Refreshed(
            lambda: self.generation, lambda: self.position, maximum, lambda: self.now, lambda: 0.5
        )

    def change(self) -> None:
        self.generation += 1
        self.position += 10

    async def ask(self, key: bytes = b"bed", at_least: int = 0) -> tuple[str, int]:
        async def make() -> str:
            self.asked[key] += 1
            made_of = self.generation
            await self.gate.wait()
            if key in self.fails:
                raise ValueError("planted")
            return f"{key.decode()} {made_of}"

        return await self.answers.answered(key, make, at_least)


@pytest.fixture
def index() -> Index:
    return Index()


async def settled() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def test_an_answer_holds_and_shows_how_far_the_index_is(index: Index) -> None:
    assert await asyncio.gather(index.ask(), index.ask()) == [("bed 1", 10)] * 2
    index.position = 15  # nothing of it changes what is found
    assert await index.ask(at_least=15) == ("bed 1", 15)
    assert index.asked == {b"bed": 1}


async def test_after_a_change_the_old_is_shown_while_the_new_is_found(index: Index) -> None:
    await index.ask()
    index.change()
    index.gate.clear()
    assert await index.ask() == ("bed 1", 10)
    assert await index.ask() == ("bed 1", 10), "and says of when it is"
    await settled()
    assert index.asked == {b"bed": 2}, "found anew once"
    index.gate.set()
    await settled()
    assert await index.ask() == ("bed 2", 20)


async def test_whoever_names_a_position_waits_for_it(index: Index) -> None:
    await index.ask()
    index.change()
    assert await index.ask(at_least=10) == ("bed 1", 10)
    assert await index.ask(at_least=11) == ("bed 2", 20)


async def test_the_old_is_shown_for_a_moment_only(index: Index) -> None:
    await index.ask()
    index.change()
    index.gate.clear()
    index.now += STALE_S - 0.01
    assert await index.ask() == ("bed 1", 10)
    index.now += 0.02
    waiting = asyncio.create_task(index.ask())
    await settled()
    assert not waiting.done()
    index.gate.set()
    assert await waiting == ("bed 2", 20)


async def test_when_nobody_looked_for_long_the_change_may_be_old_as_well(index: Index) -> None:
    await index.ask()
    index.now += STALE_S
    index.change()
    assert await index.ask() == ("bed 2", 20)


async def test_two_changes_ago_is_forgotten(index: Index) -> None:
    await index.ask()
    index.change()
    await index.ask(b"rug")
    index.change()
    assert await index.ask() == ("bed 3", 30)


async def test_what_is_asked_often_is_found_before_anybody_asks_again(index: Index) -> None:
    for _ in range(RENEWED_ASKED):
        await index.ask()
        await index.ask(b"rug")
    await index.ask(b"pen")
    index.change()
    await index.ask(b"lamp")
    await settled()
    assert index.asked == {b"bed": 2, b"rug": 2, b"pen": 1, b"lamp": 1}
    index.gate.clear()
    assert await index.ask(at_least=20) == ("bed 2", 20)


async def test_not_more_often_than_pays(index: Index) -> None:
    async def often(*keys: bytes) -> None:
        for _ in range(RENEWED_ASKED):
            for key in keys:
                await index.ask(key)

    many = [b"%d" % number for number in range(RENEWED_MAX + 5)]
    await often(*many)
    index.change()
    await index.ask(b"lamp")
    await settled()
    assert sum(index.asked[key] - 1 for key in many) == RENEWED_MAX
    for pause, found in ((RENEW_EVERY_S - 0.01, 0), (0.02, 1)):
        index.now += pause
        await often(b"bed")
        await settled()
        known = index.asked[b"bed"]
        index.change()
        await index.ask(b"lamp")
        await settled()
        assert index.asked[b"bed"] - known == found


async def test_a_failure_is_told_and_not_kept(index: Index) -> None:
    index.fails.add(b"bed")
    for _ in range(RENEWED_ASKED):
        with pytest.raises(ValueError, match="planted"):
            await index.ask()
    index.change()
    await index.ask(b"rug")
    await settled()
    index.fails.clear()
    assert await index.ask() == ("bed 2", 20)


async def test_a_failure_is_not_shown_as_old(index: Index) -> None:
    await index.ask()
    index.change()
    index.fails.add(b"bed")
    assert await index.ask() == ("bed 1", 10)
    await settled()
    index.now += STALE_S
    with pytest.raises(ValueError, match="planted"):
        await index.ask()


async def test_only_so_many_are_kept() -> None:
    index = Index(maximum=2)
    for key in (b"a", b"b", b"c", b"a"):
        await index.ask(key)
    assert index.asked == {b"a": 2, b"b": 1, b"c": 1}


async def test_what_is_asked_all_the_time_is_not_pushed_out_by_what_is_asked_once() -> None:
    index = Index(maximum=2)
    for number in range(10):
        await index.ask()
        await index.ask(b"other %d" % number)
    assert index.asked[b"bed"] == 1


async def test_long_questions_are_told_apart() -> None:
    answers: Remembered[int] = Remembered(lambda: 1, 10)

    def numbered(number: int):
        async def make() -> int:
            return number

        return make

    long = b"x" * (KEY_BYTES_MAX + 1)
    asked = [(long + b"a", 0), (long + b"b", 1), (long + b"a", 2)]
    assert [await answers.get(key, numbered(number)) for key, number in asked] == [0, 1, 0]
