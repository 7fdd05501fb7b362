"""The embedded store of all projections: one disposable file, rows and positions in one transaction.

Every table is (key, position, row, columns…). Durability is the log's business: a lost view is folded again, so
nothing here waits for the disk (``flushing.py`` knows when a file is not to be trusted for it). Several processes may
follow into one file; whoever comes second finds the position moved and leaves it at that.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from domain.recorded import Recorded
from projections import flushing, generations
from projections.folding import NOWHERE, Kept, Parked, concerned, fold_events, keys_of, of_concern
from projections.projector import Projection, Table
from projections.shelf import Shelf
from projections.sqlitereading import SQLiteRows
from projections.sqlitetable import POSITIONS, StoredTable, begin, connect, position_key
from projections.views import Touched

CHECKPOINT_EVERY = 256
AHEAD_MAX = 64 << 20
"""Bytes of the write-ahead log from which on a commit waits until it is in the file. What is copied beside never comes
to the end of a log that is written all the time, as by an import, and without having been at its end it only grows."""


class SQLiteViews(SQLiteRows):
    def __init__(self, path: Path, projections: Sequence[Projection]) -> None:
        super().__init__(projections)
        self.path = path
        self._ahead = path.with_name(path.name + "-wal")
        self._cached_at: dict[str, int] = {}
        self._broken: dict[str, dict[str, int]] = {}
        """Streams that stand still, and since which position, by projection."""
        self._written = -1
        """Counts what other connections wrote."""
        self._shape = 0
        self._exchanged = False
        self._commits = 0
        self._checkpointer = ThreadPoolExecutor(1, thread_name_prefix="views-checkpoint")
        self._writer, self._reader = self._open()
        # Processes that are killed before they come to it would leave one another an ever longer write-ahead log.
        self._checkpointer.submit(self._checkpoint)

    def _open(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        try:
            writer = connect(self.path, busy_ms=5_000)
            if not flushing.is_whole(writer):
                writer.close()
                writer = self._anew()
            self._create(writer)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            writer = self._anew()  # not a database (any more)
            self._create(writer)
        writer.execute("PRAGMA busy_timeout=0")
        return writer, connect(self.path, busy_ms=5_000)

    def _anew(self) -> sqlite3.Connection:
        """The log has everything."""
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        return connect(self.path, busy_ms=5_000)

    def _create(self, writer: sqlite3.Connection) -> None:
        writer.executescript(POSITIONS + generations.SCHEMA + flushing.SCHEMA)
        writer.execute("BEGIN IMMEDIATE")
        for stored in self._stored.values():
            stored.create(writer)
        for projection in self.projections.values():
            writer.execute("INSERT OR IGNORE INTO positions VALUES (?, 0)", (position_key(projection),))
        writer.execute("COMMIT")
        self._shape = _shape(writer)

    def apply(self, names: Sequence[str], events: Sequence[Recorded]) -> Touched | None:
        """Folds events into the named projections, which must stand right before the first of them.

        None when another process had folded them already. Raises Busy when it is at it now.
        """
        begin(self._writer)
        try:
            if not self._stands_at(names, events[0].position - 1):
                self._writer.execute("ROLLBACK")
                return None
            touched = self._fold(names, events)
            flushing.owe(self._writer)
            self._writer.execute("COMMIT")
        except BaseException:
            self._forget()
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            raise
        self._checkpoint_sometimes()
        return touched

    def daily(self, table: str, after: str, before: str, limit: int) -> list[str]:
        """Keys between two others of rows that are not archived, in their order."""
        return self._stored[table].daily(self._reader, after, before, limit)

    def archive(self, keys: Mapping[str, Sequence[str]]) -> int:
        """Puts rows by table and key into the archive, all of them or none; how many. They are found as before.

        Raises Busy when another process is writing.
        """
        begin(self._writer)
        try:
            moved = sum(shelf.put(self._writer, keys[name]) for name, shelf in self._shelves(keys))
            flushing.owe(self._writer)
            self._writer.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            raise
        for name, _ in self._shelves(keys):
            for key in keys[name]:
                self._cache.forget(name, key)
        self._checkpoint_sometimes()
        return moved

    def _shelves(self, names: Iterable[str]) -> Iterator[tuple[str, Shelf]]:
        for name in names:
            shelf = self._stored[name].shelf
            assert shelf is not None, name
            yield name, shelf

    def reset(self) -> None:
        """Empties every view: all of the log is to be folded again."""
        self._forget()
        emptied = [*(name for stored in self._stored.values() for name in stored.names), "parked", *generations.TABLES]
        statements = [f"DELETE FROM {name}" for name in emptied]
        self._writer.executescript(
            ";".join(["BEGIN IMMEDIATE", *statements, "UPDATE positions SET position = 0", "COMMIT"])
        )

    def begin_again(self, name: str) -> None:
        """Empties one projection: all of the log is to be folded into it again, parked events included. Raises Busy."""
        begin(self._writer)
        self._forget()
        for table in self.projections[name].tables:
            for stored in self._stored[table.name].names:
                self._writer.execute(f"DELETE FROM {stored}")
        self._writer.execute("DELETE FROM parked WHERE projection = ?", (name,))
        at = position_key(self.projections[name])
        self._writer.execute("UPDATE positions SET position = 0 WHERE projection = ?", (at,))
        self._writer.execute("COMMIT")

    def exchanged(self) -> bool:
        """Whether tables have taken the places of others since this was asked last, by whatever process: then rows may
        be others without an event that says so."""
        self._look()
        exchanged, self._exchanged = self._exchanged, False
        return exchanged

    def _look(self) -> None:
        """Forgets what is remembered if somebody else wrote since."""
        written = self._writer.execute("PRAGMA data_version").fetchone()[0]
        if written == self._written:
            return
        self._forget()
        self._written = written
        shape = _shape(self._writer)
        if shape != self._shape:
            self._shape, self._exchanged = shape, True

    def _forget(self) -> None:
        """Whatever is remembered of the file."""
        self._cache.clear()
        self._cached_at.clear()
        self._broken.clear()

    def touched_by(self, events: Sequence[Recorded]) -> Touched:
        """Keys of the rows that events concern, for caches in front of the views."""
        touched = Touched()
        for name, stored in self._stored.items():
            folds, keys = stored.table.folds, stored.table.keys
            found = {key for recorded in events if type(recorded.event) in folds for key in keys(recorded)}
            if found:
                touched[name] = found
        return touched

    def _stands_at(self, names: Sequence[str], position: int) -> bool:
        rows = dict(self._writer.execute("SELECT projection, position FROM positions").fetchall())
        at = {name: rows[position_key(self.projections[name])] for name in names}
        self._look()
        if any(self._cached_at.get(name) != at[name] for name in names):
            self._forget()
        return all(value == position for value in at.values())

    def _fold(self, names: Sequence[str], events: Sequence[Recorded]) -> Touched:
        touched = Touched()
        last = events[-1].position
        for name in names:
            projection = self.projections[name]
            tables = concerned(projection.tables, events)
            broken = self._broken.get(name) if tables else {}
            if broken is None:
                broken = self._broken[name] = self._parked_streams(name)
            for table in tables:
                changed = self._fold_table(name, table, events, broken)
                if changed:
                    self._write(self._stored[table.name], changed)
                    touched[table.name] = set(changed)
            self._cached_at[name] = last
        marks = ",".join("?" * len(names))
        self._writer.execute(
            f"UPDATE positions SET position = ? WHERE projection IN ({marks})",
            (last, *(position_key(self.projections[name]) for name in names)),
        )
        return touched

    def _fold_table(
        self, projection: str, table: Table, events: Sequence[Recorded], broken: dict[str, int]
    ) -> dict[str, Kept]:
        events = of_concern(table, events)
        rows, missing = self._cache.get_many(table.name, keys_of(table, events))
        blobs = dict(self._stored[table.name].find(self._writer, missing))
        decode = self._stored[table.name].decode

        def kept(key: str) -> Kept | None:
            if key in blobs:
                return Kept(NOWHERE, decode(blobs[key]))
            return Kept(NOWHERE, rows.get(key))

        changed, parked = fold_events(table, events, kept, broken)
        self._park(projection, parked)
        return changed

    def _write(self, stored: StoredTable, changed: Mapping[str, Kept]) -> None:
        name, put = stored.table.name, self._cache.put
        puts, deletes = [], []
        for key, (position, row) in changed.items():
            if row is None:
                put(name, key, None, 0)
                deletes.append(key)
            else:
                parameters = stored.parameters(key, position, row)
                put(name, key, row, len(parameters[2]))
                puts.append(parameters)
        if puts:
            stored.put(self._writer, puts)
        if deletes:
            stored.take_out(self._writer, deletes)

    def _parked_streams(self, projection: str) -> dict[str, int]:
        query = "SELECT stream, min(position) FROM parked WHERE projection = ? GROUP BY stream"
        return dict(self._writer.execute(query, (projection,)).fetchall())

    def _park(self, projection: str, parked: Sequence[Parked]) -> None:
        if parked:
            rows = [(projection, *event) for event in parked]
            self._writer.executemany("INSERT OR IGNORE INTO parked VALUES (?,?,?,?)", rows)

    def _checkpoint_sometimes(self) -> None:
        self._commits += 1
        if self._commits % CHECKPOINT_EVERY == 0:
            self._checkpointer.submit(self._checkpoint)
        if self._ahead.stat().st_size > AHEAD_MAX:
            with contextlib.suppress(sqlite3.Error):  # somebody else copies just now; the next commit asks again
                self._writer.execute(f"PRAGMA journal_size_limit={AHEAD_MAX}")
                self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _checkpoint(self) -> None:
        with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(self.path, busy_ms=1_000)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        self._checkpointer.shutdown()
        self._reader.close()
        flushing.flush(self._writer)
        self._writer.close()


def _shape(connection: sqlite3.Connection) -> int:
    """Changes with every table that is made, renamed or dropped."""
    return int(connection.execute("PRAGMA schema_version").fetchone()[0])


def group_by_position(positions: Mapping[str, int]) -> dict[int, list[str]]:
    """Projections that stand at the same position can be fed together."""
    groups: dict[int, list[str]] = defaultdict(list)
    for name, position in positions.items():
        groups[position].append(name)
    return dict(sorted(groups.items()))
