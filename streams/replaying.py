"""Folding a long stretch of the log anew: read once for all projections that are folded, in large pages, each event
decoded once and only if somebody folds it, only final rows written.

Synchronous, for a process that does nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from commands.mapper import recorded_or_unreadable
from commands.store.port import Row
from domain.codec import TOPICS
from domain.recorded import Recorded
from projections.beside import Beside
from projections.heldrows import HeldRows
from projections.projector import Projection

PAGE = 5_000
WRITE_S = 20.0
"""Rows are written at least so often: what a crash costs."""
Read = Callable[[int, int], Sequence[tuple[Any, ...]]]
"""Stored events after a position, at most so many, in order."""


class Wanted:
    """Which stored events projections have to hear of; nobody decodes the others."""

    def __init__(self, *projections: Projection) -> None:
        tables = [table for projection in projections for table in projection.tables]
        self._names = {TOPICS[kind].partition("@")[0] for table in tables for kind in table.folds if kind in TOPICS}
        self._prefixes = {prefix for table in tables for prefix in table.prefixes}
        self._known: dict[str, bool] = {}

    def of(self, rows: Sequence[tuple[Any, ...]]) -> list[Recorded]:
        """Also events of its streams that it does not fold: they stand still if one of those cannot be read."""
        known, prefixes = self._known, self._prefixes
        wanted = []
        for row in rows:
            topic = row[3]
            if topic not in known:
                known[topic] = topic.partition("@")[0] in self._names
            if known[topic] or row[1][:3] in prefixes:
                wanted.append(recorded_or_unreadable(Row._make(row)))
        return wanted


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
            self.rows.fold([one for one in events if one.position > self.position] if events else events)
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
        while self.position < upto and self._page(upto):
            late = time.monotonic() - self._written_at > WRITE_S
            for lane in self.lanes:
                if late or lane.rows.many:
                    lane.write()
            if late:
                self._written_at = time.monotonic()
            yield self.position
        for lane in self.lanes:
            lane.write()
            lane.generation.settle()
        yield self.position

    def finish(self, upto: int) -> None:
        """The last few events, within a transaction that the caller has begun."""
        while self.position < upto and self._page(upto):
            pass
        for lane in self.lanes:
            lane.write()

    def _page(self, upto: int) -> bool:
        rows = self._read(self.position, min(PAGE, upto - self.position))
        if rows:
            events = self._wanted.of(rows)
            for lane in self.lanes:
                lane.take(events, rows[-1][0])
        return bool(rows)
