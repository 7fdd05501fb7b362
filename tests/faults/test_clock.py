"""The wall clock of one process jumps, forth and back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from domain.stored.codec import decode_meta
from tests.faults.shop import Shop

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]
HOUR = 3600


@pytest.mark.parametrize("name", ["write", "work"])
async def test_the_clock_jumps(shop: Shop, tmp_path: Path, name: str):
    """The command service's clock goes into events and tokens; that of the workers says when a hold has run out."""
    wrong_by, part = tmp_path / "wrong_by", shop.house.parts[name]
    wrong_by.write_text("0")
    assert part.stop() == 0
    part.start(("-m", "tests.faults.shifted", str(wrong_by)))
    await part.ready()
    before = await shop.house.head()
    async with shop.trading():
        for seconds in (HOUR, -HOUR, 0):
            write_at_once(wrong_by, seconds)
            await shop.everybody_signs_in()
            await shop.sells(5)
    assert {round((instant - time.time()) / HOUR) for instant in await recorded_since(shop, before)} == {-1, 0, 1}
    assert part.stop() == 0
    part.start()
    await part.ready()
    await shop.audit()


async def recorded_since(shop: Shop, position: int) -> list[float]:
    """When the events after a position were recorded, in seconds since 1970."""
    return [decode_meta(row.meta).recorded_at / 1000 for row in await shop.house.log.read(position, 100_000)]


def write_at_once(path: Path, seconds: int) -> None:
    """Nobody reads half of it."""
    beside = path.with_suffix(".new")
    beside.write_text(str(seconds))
    beside.replace(path)
