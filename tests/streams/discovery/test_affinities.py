"""How long what was worked out is remembered, and for whom it is worked out anew."""

from __future__ import annotations

import asyncio

import pytest

from streams.discovery.affinities import Popular, Remembered


class House:
    """A clock and a position, both set by hand, and how often the answer was made."""

    def __init__(self, maximum: int = 2) -> None:
        self.now = 1_000
        self.position = 10
        self.made = 0
        self.fails = False
        self.answers: Remembered[int] = Remembered(lambda: self.now, lambda: self.position, 500, maximum)

    async def make(self) -> int:
        self.made += 1
        await asyncio.sleep(0)
        if self.fails:
            raise ValueError("planted")
        return self.made

    async def ask(self, key: str = "a", position: int = 0) -> int:
        return await self.answers.get(key, position, self.make)


async def test_an_answer_holds_for_a_while() -> None:
    house = House()
    assert [await house.ask(), await house.ask()] == [1, 1]
    house.now += 499
    assert await house.ask() == 1
    house.now += 1
    assert await house.ask() == 2


async def test_who_names_a_later_position_gets_a_newer_one_and_once() -> None:
    house = House()
    await house.ask()
    assert await house.ask(position=10) == 1
    house.position = 12
    assert [await house.ask(position=11), await house.ask(position=12), await house.ask(position=11)] == [2, 2, 2]


async def test_many_at_once_make_it_once() -> None:
    house = House()
    assert await asyncio.gather(*(house.ask() for _ in range(5))) == [1] * 5


async def test_a_failure_is_not_remembered() -> None:
    house = House()
    house.fails = True
    with pytest.raises(ValueError, match="planted"):
        await house.ask()
    house.fails = False
    assert await house.ask() == 2


async def test_the_oldest_go_first() -> None:
    house = House(maximum=2)
    for key in ("a", "b", "c"):
        await house.ask(key)
    assert [await house.ask("b"), await house.ask("c"), await house.ask("a")] == [2, 3, 4]


def test_popular_within_a_category_or_the_nearest_broader_one() -> None:
    beds, lamps = ("Furniture", "Beds"), ("Light", "Lamps")
    popular = Popular({"bed": 3, "lamp": 2, "cot": 1}, {"bed": beds, "lamp": lamps, "cot": (*beds, "Cots")})
    assert popular.within(beds) == ["bed", "cot"]
    assert popular.within((*beds, "Cots")) == ["cot"]
    assert popular.within((*beds, "Cots"), but="cot") == ["bed"]
    assert popular.within(("Light", "Torches")) == ["lamp"]
    assert popular.within(("Office",)) == ["bed", "lamp", "cot"]
    assert Popular({}, {}).within(beds) == []
