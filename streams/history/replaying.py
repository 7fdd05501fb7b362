"""Folding a long stretch of the log anew: read once for all projections that are folded, in large pages, each event
decoded once and only if somebody folds it, only final rows written.

Synchronous, for a process that does nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from zlib import crc32

from commands.mapper import recorded, recorded_or_unreadable
from domain.recorded import Recorded
from domain.stored.codec import EVENTS, topics_of
from projections.beside import Beside
from projections.heldrows import HeldRows
from projections.projector import Projection

PAGE = 5_000
"""Of the log, for whoever does not fold it."""
WRITE_S = 20.0
"""Rows are written at least so often: what a crash costs."""
Read = Callable[[int, int, Sequence[str]], Sequence[tuple[Any, ...]]]
"""Stored events after a position and up to another, in order. Those of some topics may be left out."""


class Part(NamedTuple):
    """Of all streams, those that one of several processes folds: number ``number``, from 0, of ``of``."""

    number: int
    of: int

    def read(self, read: Read) -> Read:
        """The same log without the other streams, whose events are not decoded then."""
        number, of = self

        def own(after: int, upto: int, others: Sequence[str] = ()) -> Sequence[tuple[Any, ...]]:
            return [row for row in read(after, upto, others) if crc32(row[1].encode()) % of == number]

        return own


def is_parted(projection: Projection) -> bool:
    """Whether its rows can be folded by streams apart from each other. Where a row is made of several, whoever folds
    one of them would have to know which events of the others could not be folded."""
    return all(table.of_one_stream for table in projection.tables)


class Wanted:
    """Which stored events projections have to hear of; nobody decodes the others, or even fetches them.

    Of names that this program does not know all are wanted: they might mean anything to their streams.
    """

    def __init__(self, *projections: Projection) -> None:
        names = {name for projection in projections for table in projection.tables for name in table.names}
        self.others = [topic for name in sorted(EVENTS.keys() - names) for topic in topics_of(name)]
        self._left_out = frozenset(self.others)

    def of(self, rows: Sequence[tuple[Any, ...]]) -> list[Recorded]:
        left_out = self._left_out
        try:
            return [recorded(row) for row in rows if row[3] not in left_out]
        except Exception:  # one of them cannot be read; that is seldom
            return [recorded_or_unreadable(row) for row in rows if row[3] not in left_out]


class Lane:
    """One generation on its way along the log."""

    def __init__(self, generation: Beside, position: int, *, share: int = 1) -> None:
        """``position`` is where the generation stands; ``share`` is how many are held in memory together."""
        self.generation = generation
        self.position = position
        self.written_to = position
        self.rows = HeldRows(generation, position, share)

    def take(self, events: Sequence[Recorded], upto: int) -> None:
        """``events`` may be of no concern to it, and some may lie behind it already."""
        if self.position < upto:
            if events and events[0].position <= self.position:
                events = [one for one in events if one.position > self.position]
            self.rows.fold(events)
            self.position = upto

    def write(self) -> None:
        if self.written_to < self.position:
            self.rows.write(self.position)
            self.written_to = self.position


class Replaying:
    """Several generations on their way together."""

    def __init__(self, read: Read, lanes: Sequence[Lane]) -> None:
        self.lanes = lanes
        self._read = read
        self._wanted = Wanted(*(lane.generation.projection for lane in lanes))
        self._events = max(lane.generation.page for lane in lanes)
        self._portion = max(lane.generation.portion for lane in lanes)
        self._written_at = time.monotonic()

    @property
    def position(self) -> int:
        return min(lane.position for lane in self.lanes)

    @property
    def rows(self) -> int:
        """Written so far."""
        return sum(lane.rows.written for lane in self.lanes)

    def fold(self, upto: int) -> Iterator[int]:
        """The position after each page. Rows are written as they become many, and in the end all of them."""
        while self.position < upto:
            self._page(upto)
            late = time.monotonic() - self._written_at > WRITE_S
            for lane in self.lanes:
                if late or lane.rows.many:
                    lane.write()
            if late:
                self._written_at = time.monotonic()
            yield self.position
        for lane in self.lanes:
            lane.write()
        self.settle()
        yield self.position

    def settle(self) -> None:
        """Nothing is written any more when this returns, whatever went wrong."""
        for lane in self.lanes:
            lane.generation.settle()

    def finish(self, upto: int) -> None:
        """The last few events, within a transaction that the caller has begun."""
        while self.position < upto:
            self._page(upto)
        for lane in self.lanes:
            lane.write()

    def _page(self, upto: int) -> None:
        """Positions have no holes, so whatever is not there was left out."""
        end = min(self.position + self._events, upto)
        rows = self._read(self.position, end, self._wanted.others)
        for start in range(0, len(rows) or 1, self._portion):
            some = rows[start : start + self._portion]
            self._take(some, some[-1][0] if start + self._portion < len(rows) else end)

    def _take(self, rows: Sequence[tuple[Any, ...]], upto: int) -> None:
        events = self._wanted.of(rows)
        for lane in self.lanes:
            lane.take(events, upto)
