"""Folding a long stretch of the log into one projection: large pages, each event decoded once, only final rows written.

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
from projections.generations import Generation
from projections.heldrows import HeldRows
from projections.projector import Projection

PAGE = 5_000
WRITE_S = 5.0
"""Rows are written at least so often: what a crash costs."""
Read = Callable[[int, int], Sequence[tuple[Any, ...]]]
"""Stored events after a position, at most so many, in order."""


class Wanted:
    """Which stored events a projection has to hear of; nobody decodes the others."""

    def __init__(self, projection: Projection) -> None:
        kinds = {kind for table in projection.tables for kind in table.folds}
        self._names = {TOPICS[kind].partition("@")[0] for kind in kinds if kind in TOPICS}
        self._prefixes = {prefix for table in projection.tables for prefix in table.prefixes}
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


class Replaying:
    """One generation on its way along the log."""

    def __init__(self, generation: Generation, read: Read, position: int) -> None:
        """``position`` is where the generation stands."""
        self.position = position
        self._read = read
        self._wanted = Wanted(generation.projection)
        self._rows = HeldRows(generation, position)
        self._written_at = time.monotonic()

    @property
    def rows(self) -> int:
        """Written so far."""
        return self._rows.written

    def fold(self, upto: int) -> Iterator[int]:
        """The position after each page. Rows are written as they become many, and in the end all of them."""
        written = self.position
        while self.position < upto and self._page(upto):
            if self._rows.many or time.monotonic() - self._written_at > WRITE_S:
                written = self._write()
            yield self.position
        if written < self.position:
            self._write()
            yield self.position

    def _write(self) -> int:
        self._rows.write(self.position)
        self._written_at = time.monotonic()
        return self.position

    def finish(self, upto: int) -> None:
        """The last few events, within a transaction that the caller has begun."""
        while self.position < upto and self._page(upto):
            pass
        self._rows.write_now(self.position)

    def _page(self, upto: int) -> bool:
        rows = self._read(self.position, min(PAGE, upto - self.position))
        if rows:
            self._rows.fold(self._wanted.of(rows))
            self.position = rows[-1][0]
        return bool(rows)
