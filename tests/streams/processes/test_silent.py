"""Which open checkouts are looked after: those that have not moved for a while, by whatever clock they moved last."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from projections.views import Entry, Place
from streams.processes import silent
from streams.processes.silent import silent_checkouts

NOW, SILENT_MS = 1_000_000, 2_000
HOUR = 3_600_000


class Row(NamedTuple):
    moved_at: int


class Listing:
    """The list of open checkouts, as views give it: by time and key, beyond a place."""

    def __init__(self, *moved_at: int) -> None:
        self._places = sorted(Place(at, f"ord_{number}") for number, at in enumerate(moved_at))
        self.asked = 0

    async def listed(self, *_: str, limit: int, after: Place | None = None) -> list[Entry]:
        self.asked += 1
        beyond = [place for place in self._places if after is None or place > after]
        return [Entry(place.key, Row(place.order)) for place in beyond[:limit]]


async def moved(listing: Any) -> list[int]:
    return [row.moved_at async for _, row in silent_checkouts(listing, NOW, SILENT_MS)]


async def test_the_longest_silent_come_first_and_those_that_move_are_left_alone():
    assert await moved(Listing(NOW, NOW - 5_000, NOW - 1_999, NOW - 9_000)) == [NOW - 9_000, NOW - 5_000]


async def test_one_that_moved_in_the_future_does_not_wait_until_then():
    """The clock of whoever moved it ran ahead, or ours has gone back. A little of that is between any two machines."""
    assert await moved(Listing(NOW + HOUR, NOW + 1_000, NOW - 3_000)) == [NOW - 3_000, NOW + HOUR]


@pytest.mark.parametrize("count", [0, 4, 5, 6, 11])
async def test_none_is_left_out_or_told_twice_at_the_end_of_a_page(monkeypatch: pytest.MonkeyPatch, count: int):
    monkeypatch.setattr(silent, "PAGE", 5)
    past = [NOW - 10_000] * count
    assert await moved(Listing(*past, *[NOW] * 7, *[NOW + HOUR] * count)) == past + [NOW + HOUR] * count
