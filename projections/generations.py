"""Generations of a projection: beside its live tables the next ones, being made, and those kept to go back to.

They lie in the same file, so one transaction exchanges them: a table gets another name within a moment, and whoever has
the file open finds the other one under the name he knows. What is made beside is written some rows at a time, with
pauses, so that a follower never waits long for the file.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from domain.stored.codec import DAMAGED
from projections import flushing
from projections.beside import NEAR_PAGE, BadGeneration, Rows, Standing
from projections.folding import Kept, Parked, first_of_each
from projections.projector import Projection
from projections.shelf import SUFFIX
from projections.sqlitetable import Busy, Form, StoredTable, begin, connect, position_key
from projections.writingahead import WritingAhead

SCHEMA = """
CREATE TABLE IF NOT EXISTS generations (
    projection TEXT NOT NULL, role TEXT NOT NULL, position INTEGER NOT NULL, code TEXT NOT NULL,
    PRIMARY KEY (projection, role)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generations_parked (
    projection TEXT NOT NULL, role TEXT NOT NULL, position INTEGER NOT NULL, stream TEXT NOT NULL, error TEXT NOT NULL,
    PRIMARY KEY (projection, role, position)
) WITHOUT ROWID;
"""
TABLES = ("generations", "generations_parked")
Encoded = Mapping[str, Sequence[tuple[Any, ...]]]
"""Rows as SQLite takes them, by table."""
Role = Literal["_next", "_kept", "_gone"]
"""Being made; the predecessor of the live one; what nobody wants any more."""
ASIDE = "_aside"
"""Of the live tables, while others take their place."""
ROWS = 1_000
"""Written in one transaction: about 10 ms, in which no follower can write."""
PAUSE_S = 0.004
"""Between two of them; a follower that found the file taken tries again after 3 ms."""
BUSY_S = 30.0
READ_BUSY_MS = 5_000
BUSY_LOOK_S = 0.002
CHECKPOINT_EVERY = 100


class Generation:
    """Tables of one projection in one role. Methods raise Busy when the file stays taken for BUSY_S seconds."""

    page = portion = NEAR_PAGE
    listed = False
    """SQLite enters rows in its indexes by itself."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        projection: Projection,
        role: Role,
        form: Form = "msgpack",
        writing: WritingAhead | None = None,
    ) -> None:
        """``json`` is for a file that nobody else writes. ``writing`` is shared by all generations of a connection,
        which takes one transaction at a time."""
        self.connection = connection
        self.projection = projection
        self.role = role
        self.stored = {table.name: StoredTable(table, projection, role, form) for table in projection.tables}
        self.key = position_key(projection)
        self._form: Form = form
        self._commits = 0
        self._writing = writing or WritingAhead()
        (_, _, path), *_ = connection.execute("PRAGMA database_list")
        self._path = Path(path)
        self._reading: sqlite3.Connection | None = None
        self._pause_s = PAUSE_S if form == "msgpack" else 0.0

    def standing(self) -> Standing | None:
        """None where there is no such generation. Raises BadGeneration."""
        query = "SELECT position, code FROM generations WHERE projection = ? AND role = ?"
        found = self.connection.execute(query, (self.key, self.role)).fetchone()
        if found is None:
            return None
        for stored in self.stored.values():
            if not stored.fits(self.connection):
                raise BadGeneration(f"table {stored.name} is missing, or other columns than today's were made for it")
        return Standing(*found)

    def begin(self, code: str) -> None:
        """Empty tables, in place of what is there."""
        self.drop()
        mark = f"_{secrets.token_hex(4)}"
        with self.transaction():
            for stored in self.stored.values():
                stored.create(self.connection, mark)
            self.connection.execute("INSERT INTO generations VALUES (?,?,0,?)", (self.key, self.role, code))

    def complete_live(self) -> None:
        """Gives live tables that an older program made the archives that today's have."""
        with self.transaction():
            for stored in self.stored.values():
                StoredTable(stored.table, self.projection).create(self.connection)

    def drop(self) -> None:
        """Some rows at a time: to free a large table at once takes long."""
        with self.transaction():
            for table in TABLES:
                statement = f"DELETE FROM {table} WHERE projection = ? AND role = ?"
                self.connection.execute(statement, (self.key, self.role))
        for name in [name for stored in self.stored.values() for name in stored.names]:
            if not self._exists(name):
                continue
            some = f"DELETE FROM {name} WHERE rowid IN (SELECT rowid FROM {name} LIMIT {ROWS})"
            left = ROWS
            while left == ROWS:
                with self.transaction():
                    left = self.connection.execute(some).rowcount
                time.sleep(PAUSE_S)
            with self.transaction():
                self.connection.execute(f"DROP TABLE {name}")

    # rows

    def find(self, table: str, keys: Collection[str]) -> dict[str, Kept]:
        """Raises BadGeneration."""
        stored = self.stored[table]
        try:
            rows = list(stored.find_kept(self._reader(), list(keys)))
            return {key: Kept(position, stored.decode(row)) for key, position, row in rows}
        except (sqlite3.Error, *DAMAGED) as error:
            raise BadGeneration(f"table {stored.name} has rows that cannot be read: {error}") from error

    def broken(self) -> dict[str, int]:
        """Streams that stand still, and since which position."""
        query = "SELECT position, stream, error FROM generations_parked WHERE projection = ? AND role = ?"
        return first_of_each(map(Parked._make, self.connection.execute(query, (self.key, self.role))))

    def passing(self, table: str) -> None:
        return None

    def _reader(self) -> sqlite3.Connection:
        """Of rows, while the other connection writes."""
        if self._reading is None:
            self._reading = connect(self._path, READ_BUSY_MS)
        return self._reading

    def settle(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None
        self._writing.settle()

    def close(self) -> None:
        """Before the connection is closed, on which another thread may still write."""
        self._writing.close()

    def write(self, changed: Rows, before: Rows, parked: Sequence[Parked], position: int) -> int:
        """In several transactions and by another thread, or in the one that the caller has begun, for few rows.

        What is parked is noted first, and rows that are gone go last, together with the position, because nothing of
        them tells how far they were.
        """
        if self._writing.idle and self.connection.in_transaction:  # otherwise it may be that of the other thread
            self._writing.settle()
            self._park(parked)
            for table, rows in changed.items():
                self.stored[table].put(self.connection, self._parameters(table, rows))
            self._end(_gone(changed), position)
        else:
            # Encoded here: whoever needs the interpreter for each row would be in the way of whoever folds and reads.
            encoded = {table: self._parameters(table, rows) for table, rows in changed.items()}
            gone = _gone(changed)
            self._writing.begin(lambda: self._write(encoded, gone, parked, position))
        return sum(map(len, changed.values()))

    def _write(self, encoded: Encoded, gone: Mapping[str, Sequence[str]], parked: Sequence[Parked], at: int) -> None:
        with self.transaction():
            self._park(parked)
        for table, rows in encoded.items():
            for start in range(0, len(rows), ROWS):
                with self.transaction():
                    self.stored[table].put_many(self.connection, rows[start : start + ROWS])
                time.sleep(self._pause_s)
        with self.transaction():
            self._end(gone, at)

    def _parameters(self, table: str, rows: Mapping[str, Kept]) -> list[tuple[Any, ...]]:
        """Of the rows that there are, by key."""
        parameters = self.stored[table].parameters
        return [parameters(key, *rows[key]) for key in sorted(rows) if rows[key].row is not None]

    def _park(self, parked: Sequence[Parked]) -> None:
        rows = [(self.key, self.role, *event) for event in parked]
        self.connection.executemany("INSERT OR IGNORE INTO generations_parked VALUES (?,?,?,?,?)", rows)

    def _end(self, gone: Mapping[str, Sequence[str]], position: int) -> None:
        for table, keys in gone.items():
            self.stored[table].take_out(self.connection, keys)
        update = "UPDATE generations SET position = ? WHERE projection = ? AND role = ?"
        self.connection.execute(update, (position, self.key, self.role))

    # taking over

    def take_over(self, position: int) -> None:
        """Makes these the live tables, as of ``position``, and keeps those that were. Within the caller's transaction.

        Of the predecessor's predecessor, ``Generation(…, "_gone")`` is left to be dropped.
        """
        for stored in self.stored.values():
            if self._exists(stored.live):
                self._rename(stored.live, stored.live + ASIDE)
            if self.role == "_next" and self._exists(f"{stored.live}_kept"):
                self._rename(f"{stored.live}_kept", f"{stored.live}_gone")
            self._rename(stored.name, stored.live)
            if self._exists(stored.live + ASIDE):
                self._rename(stored.live + ASIDE, f"{stored.live}_kept")
        self._exchange_notes(position)

    def _exchange_notes(self, position: int) -> None:
        run, name = self.connection.execute, self.projection.name
        was = run("SELECT position FROM positions WHERE projection = ?", (self.key,)).fetchone()
        mine = run(
            "SELECT position, stream, error FROM generations_parked WHERE projection = ? AND role = ?",
            (self.key, self.role),
        ).fetchall()
        for table in TABLES:
            run(f"DELETE FROM {table} WHERE projection = ? AND role IN (?, '_kept')", (self.key, self.role))
        if was is not None:
            run("INSERT INTO generations VALUES (?,'_kept',?,'')", (self.key, *was))
            run(
                "INSERT INTO generations_parked SELECT ?, '_kept', position, stream, error FROM parked "
                "WHERE projection = ?",
                (self.key, name),
            )
            run("DELETE FROM parked WHERE projection = ?", (name,))
        rows = [(name, *event) for event in mine]
        self.connection.executemany("INSERT OR IGNORE INTO parked VALUES (?,?,?,?)", rows)
        run("INSERT OR REPLACE INTO positions VALUES (?,?)", (self.key, position))

    def _rename(self, old: str, new: str) -> None:
        """With its archive, if it has one."""
        for archive in ("", SUFFIX):
            if self._exists(old + archive):
                self.connection.execute(f"ALTER TABLE {old}{archive} RENAME TO {new}{archive}")

    def _exists(self, table: str) -> bool:
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return self.connection.execute(query, (table,)).fetchone() is not None

    # the file

    @contextmanager
    def transaction(self) -> Iterator[None]:
        begin_patiently(self.connection)
        try:
            yield
            flushing.owe(self.connection)
            self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            raise
        self._commits += 1
        if self._commits % CHECKPOINT_EVERY == 0:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _gone(changed: Rows) -> dict[str, list[str]]:
    return {table: [key for key, kept in rows.items() if kept.row is None] for table, rows in changed.items()}


def begin_patiently(connection: sqlite3.Connection) -> None:
    """Takes the write lock as soon as nobody else has it. Raises Busy after BUSY_S seconds.

    What ``commands/store/sqlitefile.py`` does for the log, once more: neither package may know the other.
    """
    until = time.monotonic() + BUSY_S
    while True:
        try:
            return begin(connection)
        except Busy:
            if time.monotonic() > until:
                raise
        time.sleep(BUSY_LOOK_S)


def stands_at(connection: sqlite3.Connection) -> int:
    """Up to where the live views of a file are folded: the furthest of them."""
    found: Any = connection.execute("SELECT max(position) FROM positions").fetchone()[0]
    return found or 0
