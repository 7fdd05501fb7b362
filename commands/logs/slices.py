"""Which log a stream lies in: its slice, and a directory of the slices.

A slice is for ever, as is the hash that it is made by; growth moves slices, never keys (DESIGN §4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from zlib import crc32

SLICES = 1_024


def slice_of(stream: str) -> int:
    """By the stream's own number without the prefix of its kind: an order and its payment, a stock item and its offer,
    a subscription and what it was told are neighbours."""
    return crc32(stream[4:].encode()) % SLICES


@dataclass(frozen=True, slots=True)
class Directory:
    """As of a version; a later one never changes what an earlier one said."""

    version: int
    homes: tuple[int, ...]
    """The log of each slice."""
    earlier: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Logs that a slice lay in before, in their order; most never moved."""

    def home_of(self, stream: str) -> int:
        return self.homes[slice_of(stream)]

    def logs_of(self, stream: str) -> tuple[int, ...]:
        """All that have events of it, its home last."""
        one = slice_of(stream)
        home = self.homes[one]
        return (*(log for log in self.earlier.get(one, ()) if log != home), home)


def directory_of(rows: Iterable[tuple[int, int, int, int]]) -> Directory:
    """Of what is stored: version, first slice, last slice, log, by version. The last one counts; those before it tell
    where slices have been."""
    homes = [0] * SLICES
    earlier: dict[int, list[int]] = {}
    version = 0
    for version, first, last, log in rows:
        for number in range(first, last + 1):
            home, homes[number] = homes[number], log
            if version > 1 and home not in (log, *earlier.get(number, ())):
                earlier.setdefault(number, []).append(home)
    return Directory(version, tuple(homes), {number: tuple(logs) for number, logs in earlier.items()})


def moved(homes: Sequence[int], first: int, last: int, log: int) -> tuple[int, ...]:
    """With another log for the slices ``first`` to ``last``."""
    assert 0 <= first <= last < SLICES, (first, last)
    return (*homes[:first], *(log for _ in range(first, last + 1)), *homes[last + 1 :])


def shared_out(logs: int) -> tuple[int, ...]:
    """All slices in equal parts, in as many ranges as there are logs."""
    return tuple(one * logs // SLICES for one in range(SLICES))


def ranges(homes: Sequence[int]) -> list[tuple[int, int, int]]:
    """First slice, last slice, log."""
    found = []
    for log, group in groupby(enumerate(homes), key=lambda one: one[1]):
        slices = [one for one, _ in group]
        found.append((slices[0], slices[-1], log))
    return found
