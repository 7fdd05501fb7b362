"""The wall clock of one process jumps, forth and back."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    async with shop.trading():
        for seconds in (HOUR, -HOUR, 0):
            write_at_once(wrong_by, seconds)
            await shop.everybody_signs_in()
            await shop.sells(5)
    assert part.stop() == 0
    part.start()
    await part.ready()
    await shop.audit()


def write_at_once(path: Path, seconds: int) -> None:
    """Nobody reads half of it."""
    beside = path.with_suffix(".new")
    beside.write_text(str(seconds))
    beside.replace(path)
