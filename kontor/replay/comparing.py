"""The next generation of a projection beside the live one: every row, and what is parked.

The live one moves on meanwhile. A row that the events since then concern is newer, and no difference.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from domain.recorded import Recorded
from kontor.proving.comparing import Compared, digest_of
from projections.folding import keys_of
from projections.generations import Generation, stands_at
from projections.sqlitetable import StoredTable
from streams.history.replaying import PAGE, Read, Wanted

ROWS = 5_000


class Stored(NamedTuple):
    """A row as it lies in the file: its position, its bytes and the columns of its indexes."""

    position: int
    row: bytes
    columns: tuple[Any, ...]


Pair = tuple[str, Stored | None, Stored | None]
"""A key with the live row and the new one."""


class Comparison:
    """Holds each row of a generation against the live one. Rows that moved on since are counted, not judged."""

    def __init__(self, generation: Generation, position: int, read: Read) -> None:
        """``position`` is where the generation stands."""
        self._generation = generation
        self._position = position
        self._connection = generation.connection
        self._read = read
        self._wanted = Wanted(generation.projection)
        self._seen = position
        self._newer: dict[str, set[str]] = {table: set() for table in generation.stored}
        """Keys of rows that moved on since, by table."""

    def made(self) -> list[Compared]:
        tables = [self._table(stored) for stored in self._generation.stored.values()]
        return [*tables, self._parked()]

    def _table(self, stored: StoredTable) -> Compared:
        compared = Compared("views.db", stored.table.name)
        live = StoredTable(stored.table, self._generation.projection)
        for pairs in _pages(self._connection, live, stored, self._look):
            for key, old, new in pairs:
                if key in self._newer[stored.table.name] or (old is not None and old.position > self._position):
                    compared.newer += 1
                else:
                    _compare(compared, stored.decode, key, old, new)
        return compared

    def _look(self) -> None:
        """Notes the rows that moved on. Within the transaction in which rows were read."""
        upto = stands_at(self._connection)
        while self._seen < upto:
            end = min(self._seen + PAGE, upto)
            events: list[Recorded] = self._wanted.of(self._read(self._seen, end, self._wanted.others))
            for table in self._generation.projection.tables:
                self._newer[table.name] |= keys_of(table, events)
            self._seen = end

    def _parked(self) -> Compared:
        compared = Compared("views.db", "parked")
        query, name = "SELECT position FROM parked WHERE projection = ? AND position <= ?", self._generation.projection
        live = {at for (at,) in self._connection.execute(query, (name.name, self._position))}
        query = "SELECT position FROM generations_parked WHERE projection = ? AND role = ?"
        new = {at for (at,) in self._connection.execute(query, (self._generation.key, self._generation.role))}
        for side, positions in ((compared.found, live), (compared.expected, new)):
            for position in positions:
                side.add(digest_of(position))
        for position in sorted(live ^ new):
            compared.differs(f"event {position} is parked in the {'live' if position in live else 'new'} one only")
        return compared


def _compare(
    compared: Compared, decode: Callable[[bytes], Any], key: str, old: Stored | None, new: Stored | None
) -> None:
    """``found`` counts the live rows, ``expected`` the new ones."""
    digests: list[int] = []
    for stored, side in ((old, compared.found), (new, compared.expected)):
        if stored is not None:
            same = digests and old is not None and old.row == stored.row
            digests.append(digests[0] if same else digest_of((key, _decoded(decode, stored.row))))
            side.add(digests[-1])
    if old is None:
        compared.differs(f"{key} is new")
    elif new is None:
        compared.differs(f"{key} is gone")
    elif digests[0] != digests[1]:
        compared.differs(f"{key} is another row")
    elif old.position != new.position:
        compared.differs(f"{key} is as of event {new.position}, the live one as of {old.position}")
    elif old.columns != new.columns:
        compared.differs(f"{key} stands elsewhere in its lists")


def _decoded(decode: Callable[[bytes], Any], row: bytes) -> Any:
    try:
        return decode(row)
    except Exception:  # a row of another shape, or a damaged one: it is not the same
        return row


def _pages(
    connection: sqlite3.Connection, live: StoredTable, new: StoredTable, look: Callable[[], None]
) -> Iterator[list[Pair]]:
    """Both tables by key. Each page in a transaction of its own, so that the file can be tidied up meanwhile."""
    columns = "".join(f", {column}" for column in new.columns) if live.fits(connection) else ""
    after: str | None = ""
    while after is not None:
        connection.execute("BEGIN")
        try:
            old_rows, new_rows = _some(connection, live, columns, after), _some(connection, new, columns, after)
            look()
        finally:
            connection.execute("ROLLBACK")
        ends = [max(rows) for rows in (old_rows, new_rows) if len(rows) == ROWS]
        end = min(ends) if ends else None
        keys = sorted(old_rows.keys() | new_rows.keys())
        yield [(key, old_rows.get(key), new_rows.get(key)) for key in keys if end is None or key <= end]
        after = end


def _some(connection: sqlite3.Connection, stored: StoredTable, columns: str, after: str) -> dict[str, Stored]:
    some = f"SELECT key, position, row{columns} FROM {{}} WHERE key > ?"
    query = " UNION ALL ".join(some.format(name) for name in stored.names) + f" ORDER BY key LIMIT {ROWS}"
    rows = connection.execute(query, (after,) * len(stored.names))
    return {row[0]: Stored(row[1], row[2], tuple(row[3:])) for row in rows}
