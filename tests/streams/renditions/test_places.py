"""Who may have a picture decoded, and who waits for whom."""

from __future__ import annotations

import asyncio

import pytest

from streams.renditions.places import NoPlace, Places


class Room:
    """Owners take a place and keep it until they are told to leave."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.inside: list[str] = []
        self.leave: dict[str, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def comes(self, name: str, owner: str) -> asyncio.Task[None]:
        self.leave[name] = asyncio.Event()
        task = asyncio.create_task(self._stay(name, owner))
        self.tasks.append(task)
        for _ in range(5):
            await asyncio.sleep(0)
        return task

    async def goes(self, name: str) -> None:
        self.leave[name].set()
        for _ in range(5):
            await asyncio.sleep(0)

    async def _stay(self, name: str, owner: str) -> None:
        async with self.places.one(owner):
            self.inside.append(name)
            try:
                await self.leave[name].wait()
            finally:
                self.inside.remove(name)


async def test_so_many_are_decoded_at_once():
    room = Room(Places(2, 5, 60))
    for name in "abc":
        await room.comes(name, f"of {name}")
    assert room.inside == ["a", "b"]
    await room.goes("a")
    assert room.inside == ["b", "c"]
    await room.goes("b")
    await room.goes("c")
    assert room.inside == []


async def test_an_owner_waits_for_himself_and_others_do_not():
    room = Room(Places(2, 5, 60))
    await room.comes("a1", "a")
    await room.comes("a2", "a")
    await room.comes("b1", "b")
    assert room.inside == ["a1", "b1"]
    await room.goes("a1")
    assert room.inside == ["b1", "a2"]
    for name in ("b1", "a2"):
        await room.goes(name)


async def test_the_queue_is_bounded():
    room = Room(Places(1, 1, 60))
    await room.comes("a", "a")
    await room.comes("b", "b")
    with pytest.raises(NoPlace):
        await (await room.comes("c", "c"))
    await room.goes("a")
    await room.comes("d", "d")
    assert room.inside == ["b"]
    await room.goes("b")
    assert room.inside == ["d"]
    await room.goes("d")


async def test_nobody_waits_for_ever():
    room = Room(Places(1, 5, 0.05))
    await room.comes("a", "a")
    for owner in "ab":
        with pytest.raises(NoPlace):
            await (await room.comes("late", owner))
    await room.goes("a")
    await room.comes("b", "a")
    assert room.inside == ["b"], "whoever gave up left nothing locked"
    await room.goes("b")


async def test_whoever_goes_away_frees_his_place():
    room = Room(Places(1, 1, 60))
    inside, waiting = await room.comes("a", "a"), await room.comes("b", "b")
    for task in (waiting, inside):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await room.comes("c", "a")
    assert room.inside == ["c"]
    await room.goes("c")


async def test_what_fails_inside_is_not_taken_for_waiting():
    places = Places(1, 0, 60)
    with pytest.raises(TimeoutError):
        async with places.one("a"):
            raise TimeoutError
    async with places.one("a"):
        pass
