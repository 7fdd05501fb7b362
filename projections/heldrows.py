"""Rows of a generation while it is folded: in memory by key, written when they are many, so each is written seldom.

Memory is bounded: of the rows that were written, those that did not change since the time before are let go, and are
read again if an event concerns them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from domain.recorded import Recorded
from projections.beside import Beside
from projections.folding import Kept, Parked, concerned, fold_events, keys_of
from projections.projector import Table

CHANGED_MAX = 16_000_000
"""Bytes of rows as stored, a quarter of them not written yet; as objects they take five to six times as much, and as
many again while what was changed is being let go."""
ROW_COSTS = 150
"""Bytes that a row takes besides: its key and its places in dicts, reckoned as stored bytes."""
PARKED_MAX = 1_000


class HeldRows:
    def __init__(self, generation: Beside, position: int, share: int = 1) -> None:
        """``position`` is where the generation stands; ``share`` is how many there are like this one."""
        self._generation = generation
        self._tables = {table.name: TableRows(table, position == 0) for table in generation.projection.tables}
        self._broken = generation.broken()
        self._parked: list[Parked] = []
        self._max = CHANGED_MAX // share
        self.written = 0
        """Rows, so far."""

    def fold(self, events: Sequence[Recorded]) -> None:
        """Events that a row has taken in already are passed over."""
        for table in concerned(self._generation.projection.tables, events):
            rows = self._tables[table.name]
            found: dict[str, Kept] = {}
            if not rows.whole and (missing := rows.missing(events)):
                found = self._generation.find(table.name, missing)
            passed = self._generation.passing(table.name)
            changed, parked = fold_events(table, events, _kept(rows, found), self._broken, passed)
            if self._generation.listed:
                rows.note(changed, found)
            rows.changed.update(changed)
            rows.weigh(changed)
            self._parked += parked

    @property
    def many(self) -> bool:
        """Whether it is time to write. Long before memory is full, for it goes on while the next events are folded."""
        return sum(rows.bytes for rows in self._tables.values()) > self._max // 4 or len(self._parked) > PARKED_MAX

    def write(self, position: int) -> None:
        """Everything folded so far, which is the log up to ``position``."""
        changed = {name: rows.changed for name, rows in self._tables.items()}
        before = {name: rows.before for name, rows in self._tables.items()}
        self.written += self._generation.write(changed, before, self._parked, position)
        self._wrote()

    def _wrote(self) -> None:
        many = sum(rows.bytes + rows.written_bytes for rows in self._tables.values()) > self._max
        for rows in self._tables.values():
            rows.wrote(many)
        self._parked = []


def _kept(rows: TableRows, found: dict[str, Kept]) -> Callable[[str], Kept | None]:
    changed, written, stored = rows.changed.get, rows.written.get, found.get
    return lambda key: changed(key) or written(key) or stored(key)


class TableRows:
    """Of one table."""

    def __init__(self, table: Table, begun: bool) -> None:
        """``begun``: the generation is empty. One that goes on may have rows of events that are still to come."""
        self.table = table
        self._only_ours = begun
        self.whole = begun
        """Whether every row that exists is here."""
        self.changed: dict[str, Kept] = {}
        self.before: dict[str, Kept] = {}
        """Changed rows as they are stored, of those that are."""
        self.written: dict[str, Kept] = {}
        """Rows that did not change since."""
        self._size = 0.0
        """Of a row, about."""
        self._encode = msgspec.msgpack.Encoder().encode

    def missing(self, events: Sequence[Recorded]) -> set[str]:
        """Keys of rows that the events concern and that are not here, unless they cannot be in the store either."""
        if self._only_ours and self.table.of_one_stream:
            new = {recorded.stream for recorded in events if recorded.version == 1}
            events = [recorded for recorded in events if recorded.stream not in new]
        changed, written = self.changed, self.written
        return {key for key in keys_of(self.table, events) if key not in changed and key not in written}

    def note(self, changed: dict[str, Kept], found: dict[str, Kept]) -> None:
        """Before they are among those that changed: how they are stored."""
        for key in changed.keys() - self.changed.keys():
            was = self.written.get(key) or found.get(key)
            if was is not None:
                self.before[key] = was

    def weigh(self, changed: dict[str, Kept]) -> None:
        """By one row of each page."""
        if changed:
            size = len(self._encode(next(iter(changed.values())).row))
            self._size += (size - self._size) * (0.05 if self._size else 1.0)

    @property
    def bytes(self) -> int:
        return round(len(self.changed) * (self._size + ROW_COSTS))

    @property
    def written_bytes(self) -> int:
        return round(len(self.written) * (self._size + ROW_COSTS))

    def wrote(self, many: bool) -> None:
        """``many``: what did not change since the last time is let go."""
        if many and self.written:
            self.written, self.whole = self.changed, False
        else:
            self.written.update(self.changed)
        self.changed, self.before = {}, {}
