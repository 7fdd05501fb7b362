"""Who is let in while the process cannot keep up, and that nobody is refused for others who only wait."""

from __future__ import annotations

import asyncio
import time

import pytest

from readapi.edge import pressure
from readapi.edge.pressure import LOOKS, Demand, Pressure


class Thread:
    """What the loop's thread demands of a processor, as the test says."""

    share = 0.0
    _demanded = _at = 0.0

    def seconds(self) -> float:
        now = asyncio.get_running_loop().time()
        self._demanded += Thread.share * (now - self._at)
        self._at = now
        return self._demanded


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressure, "LOOK_S", 0.005)
    monkeypatch.setattr(pressure, "CALM_S", 0.1)
    monkeypatch.setattr(pressure, "Demand", Thread)
    monkeypatch.setattr(Thread, "share", 0.0)


async def busy(looks: int) -> None:
    """The loop has no rest, as with many requests that have their turns."""
    Thread.share = 0.95
    for _ in range(looks):
        await asyncio.sleep(pressure.LOOK_S)
    Thread.share = 0.0


def entering(door: Pressure, count: int) -> int:
    return sum(door.enter() for _ in range(count))


async def test_any_number_comes_in_while_they_only_wait() -> None:
    door = Pressure(3)
    assert entering(door, 10) == 10
    await asyncio.sleep(0.1)
    assert entering(door, 10) == 10
    assert not door.refusing


async def test_a_burst_is_let_in() -> None:
    door = Pressure(3)
    assert entering(door, 10) == 10
    for _ in range(5):
        await busy(1)
        await asyncio.sleep(0.03)
    assert entering(door, 10) == 10


async def test_no_more_than_so_many_are_inside_while_the_loop_has_no_rest() -> None:
    door = Pressure(3)
    entering(door, 5)
    await busy(4 * LOOKS)
    assert door.refusing
    assert entering(door, 10) == 0
    for _ in range(4):
        door.leave()
    assert entering(door, 10) == 2
    assert door.inside == 3


async def test_more_are_inside_where_answers_come_quickly() -> None:
    door = Pressure(3)
    entering(door, 5)
    Thread.share = 0.95
    for _ in range(20 * LOOKS):
        await asyncio.sleep(pressure.LOOK_S / 4)
        for _ in range(5):  # some thousand a second, so that some hundred may be inside
            door.leave()
            door.enter()
    Thread.share = 0.0
    assert door.refusing
    assert 20 < entering(door, 1_000) < 500
    assert not door.enter()


async def test_it_is_over_a_while_after_the_last_refusal() -> None:
    door = Pressure(3)
    entering(door, 5)
    await busy(4 * LOOKS)
    assert entering(door, 1) == 0
    while door.inside:
        door.leave()
    await asyncio.sleep(0.3)
    assert not door.refusing
    assert entering(door, 10) == 10


async def test_few_are_let_in_however_busy_the_loop_is() -> None:
    door = Pressure(3)
    assert entering(door, 2) == 2
    await busy(4 * LOOKS)
    assert not door.refusing


async def test_zero_refuses_nobody() -> None:
    door = Pressure(0)
    assert entering(door, 10) == 10
    await busy(4 * LOOKS)
    assert entering(door, 10) == 10


async def test_whoever_sleeps_demands_nothing_and_whoever_works_all() -> None:
    demand = Demand()
    before = demand.seconds()
    await asyncio.sleep(0.1)
    slept = demand.seconds()
    assert slept - before < 0.05
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        pass
    assert demand.seconds() - slept > 0.07


async def test_where_the_system_does_not_tell_what_it_got_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    demand = Demand()
    demand._told = demand._told.with_name("nothing")
    before = demand.seconds()
    sum(range(1_000_000))
    assert demand.seconds() > before
