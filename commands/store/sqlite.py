"""The log in one SQLite file: WAL, synchronous=FULL, an acknowledged event is on disk.

The lock of the log is SQLite's write lock, so several processes may share the file. Statements run on the caller's
thread and only COMMIT, which waits for the disk, runs on a thread of its own: the event loop keeps serving while
the disk works, and no two threads ever fight for the interpreter. Subclasses the eventsourcing library's recorder;
the table carries more columns than the library's own, its methods are mapped onto them.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

from eventsourcing.persistence import IntegrityError, Notification, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore

from commands.errors import NothingWritten, StorageUnavailable, UnusableLog
from commands.mapper import pack_state, unpack_state
from commands.store.checkpointer import Checkpointer
from commands.store.port import Loaded, News, Reply, Row, Snapshot, Wanted, check_positions, news_of
from commands.store.sqlitefile import SQLiteFile, begin_without_blocking
from commands.store.sqlitereading import SELECT, SQLiteReading, load_all, replies_to

LOG_FILE = SQLiteFile(application_id=0x4B4E5452, schema=1, what="event log")  # "KNTR"
CHUNKS = tuple(2**power for power in range(10, -1, -1))
"""Rows a statement. Few sizes, so that each is compiled once; a statement runs without the interpreter's lock."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    meta BLOB NOT NULL,
    data BLOB NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (stream, version)
);
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    status INTEGER NOT NULL,
    headers BLOB NOT NULL,
    body BLOB NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshots (
    stream TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    hash BLOB NOT NULL,
    state BLOB NOT NULL
) WITHOUT ROWID;
"""
INSERT = "INSERT INTO events VALUES (?,?,?,?,?,?,?)"
INSERTS = {size: "INSERT INTO events VALUES " + ",".join(["(?,?,?,?,?,?,?)"] * size) for size in CHUNKS}
LOOSE = """
SELECT stream, version FROM events AS event WHERE position > ? AND version <> 1 AND NOT EXISTS (
    SELECT 1 FROM events AS before WHERE before.stream = event.stream AND before.version = event.version - 1
    AND before.position < event.position
) AND NOT EXISTS (
    SELECT 1 FROM snapshots AS before WHERE before.stream = event.stream AND before.version = event.version - 1
) LIMIT 1
"""
"""New events without a predecessor before them. UNIQUE only keeps a version from being written twice. A stream that has
moved here from another log begins with its snapshot (``commands/logs/home.py``)."""


REPLIES_AFTER = "SELECT key, at FROM replies WHERE key > ? ORDER BY key LIMIT ?"
FORGOTTEN_MAX = 500
"""Stored answers looked at, and deleted, at once."""


class SQLiteLog(SQLiteReading, SQLiteApplicationRecorder):
    def __init__(self, datastore: SQLiteDatastore, events_table_name: str = "events") -> None:
        super().__init__(datastore, events_table_name)
        path = Path(datastore.pool.db_name)
        self._writer = LOG_FILE.connect(path, synchronous="FULL")
        LOG_FILE.stamp(self._writer)  # first, so that no half-made file is taken for somebody else's
        self._writer.executescript(SCHEMA)
        self._writer.execute("PRAGMA busy_timeout=0")
        self._reader = LOG_FILE.connect(path, synchronous="FULL")
        self._reader.execute("SELECT max(position) FROM events").fetchone()
        self._turn = asyncio.Lock()
        """SQLite's lock is between connections; this one is between the users of our only writer."""
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._checkpointer = Checkpointer(LOG_FILE, path)

    @classmethod
    def open(cls, path: Path) -> SQLiteLog:
        """Opens or creates the log. Raises UnusableLog and leaves the file alone if it is not a log of ours."""
        LOG_FILE.check(path)
        try:
            return cls(SQLiteDatastore(str(path), originator_id_type="text"))
        except sqlite3.Error as error:
            raise UnusableLog(f"{path} cannot be opened as an event log: {error}") from error

    async def begin(self) -> SQLiteTransaction:
        await self._turn.acquire()
        try:
            await begin_without_blocking(self._writer, self._committer)
            head = self._writer.execute("SELECT max(position) FROM events").fetchone()[0]
        except BaseException as error:
            self._end()
            if isinstance(error, sqlite3.Error):
                raise StorageUnavailable(f"the event log cannot be written: {error}") from error
            raise
        return SQLiteTransaction(self, head or 0)

    def _on_disk_thread(self, work: Callable[[], Any]) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._committer, work)

    def _committed(self) -> None:
        self._turn.release()
        self._checkpointer.committed()

    def _end(self) -> None:
        """Rolls back whatever is open, and lets the next one in."""
        with contextlib.suppress(sqlite3.Error):
            self._writer.rollback()
        self._turn.release()

    async def forget_replies(self, before: int) -> AsyncIterator[int]:
        """Walks by key, for an index of instants would cost every order something."""
        after = ""
        while some := self._reader.execute(REPLIES_AFTER, (after, FORGOTTEN_MAX)).fetchall():
            after = some[-1][0]
            old = [key for key, at in some if at < before]
            yield await self._forget(old, before) if old else 0
            await asyncio.sleep(0)

    async def _forget(self, keys: Sequence[str], before: int) -> int:
        """Those that have not been replaced meanwhile."""
        transaction = await self.begin()
        try:
            marks = ",".join("?" * len(keys))
            deleting = f"DELETE FROM replies WHERE at < ? AND key IN ({marks})"
            forgotten = self._writer.execute(deleting, (before, *keys)).rowcount
        except sqlite3.Error as error:
            await transaction.rollback()
            raise StorageUnavailable(str(error)) from error
        try:
            await transaction.commit()
        except sqlite3.Error as error:
            await transaction.rollback()
            raise StorageUnavailable(str(error)) from error
        return forgotten

    async def close(self) -> None:
        self._committer.shutdown()
        self._checkpointer.close()
        self._reader.close()
        self._writer.close()
        self.datastore.close()

    # The eventsourcing library's interface.

    def construct_create_table_statements(self) -> list[str]:
        return [statement for statement in SCHEMA.split(";") if statement.strip()]

    def _insert_events(self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        c.execute("DELETE FROM events WHERE 0")  # takes the lock before looking where the log ends
        c.execute("SELECT max(position) FROM events")
        first = (c.fetchone()[0] or 0) + 1
        rows = [
            Row(position, str(event.originator_id), event.originator_version, event.topic, *unpack_state(event.state))
            for position, event in enumerate(stored_events, first)
        ]
        c.executemany(INSERT, rows)
        c.execute(LOOSE, (first - 1,))
        _refuse_loose(c.fetchone())
        return [row.position for row in rows]

    def select_events(
        self,
        originator_id: Any,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        rows = self._reader.execute(
            SELECT
            + f"WHERE stream=? AND version>? AND version<=? ORDER BY version {'DESC' if desc else 'ASC'} LIMIT ?",
            (str(originator_id), gt or 0, _or_all(lte), _or_all(limit)),
        )
        return [StoredEvent(row[1], row[2], row[3], pack_state(Row._make(row))) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = (start or 1) - 1 if inclusive_of_start else (start or 0)
        topic_filter = f"AND topic IN ({','.join('?' * len(topics))}) " if topics else ""
        rows = self._reader.execute(
            SELECT + f"WHERE position>? AND position<=? {topic_filter}ORDER BY position LIMIT ?",
            (after, _or_all(stop), *topics, limit),
        )
        return [_notification(Row._make(row)) for row in rows]

    def max_notification_id(self) -> int:
        return self._reader.execute("SELECT max(position) FROM events").fetchone()[0] or 0


class SQLiteTransaction:
    """SQLite's write lock on the one writing connection, held from ``BEGIN IMMEDIATE`` on."""

    def __init__(self, log: SQLiteLog, head: int) -> None:
        self._log = log
        self._ended = False
        self._appended: tuple[Sequence[Row], Sequence[Reply], Sequence[Snapshot]] = ((), (), ())
        self.head = head

    async def tail(self, after: int) -> Sequence[Row]:
        if after >= self.head:
            return ()
        rows = self._log._writer.execute(SELECT + "WHERE position > ? ORDER BY position", (after,))
        return [Row._make(row) for row in rows]

    async def news(self, after: int, wants: Wanted) -> News:
        return news_of(await self.tail(after), wants)

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        return load_all(self._log._writer, streams)

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        return replies_to(self._log._writer, keys)

    async def append(self, rows: Sequence[Row], replies: Sequence[Reply], snapshots: Sequence[Snapshot]) -> None:
        check_positions(rows, self.head)
        self._appended = (rows, replies, snapshots)

    def commit(self) -> Awaitable[None]:
        return self._written(self._log._on_disk_thread(self._write))

    async def _written(self, writing: Awaitable[None]) -> None:
        await writing
        self._log._committed()
        self._ended = True

    def _write(self) -> None:
        """On the disk's thread. Many rows a statement: it runs without the interpreter, for as long as it takes."""
        writer, (rows, replies, snapshots) = self._log._writer, self._appended
        try:
            for some in _chunks(rows):
                writer.execute(INSERTS[len(some)], list(chain.from_iterable(some)))
            if replies:
                writer.executemany("INSERT OR REPLACE INTO replies VALUES (?,?,?,?,?,?)", replies)
            if snapshots:
                writer.executemany("INSERT OR REPLACE INTO snapshots VALUES (?,?,?,?,?)", snapshots)
            if rows:
                _refuse_loose(writer.execute(LOOSE, (self.head,)).fetchone())
        except (sqlite3.Error, IntegrityError) as error:
            raise NothingWritten(f"the event log cannot be written: {error}") from error
        # Not ``Connection.commit``, which succeeds without a word when SQLite has given the transaction up by itself.
        writer.execute("COMMIT")

    async def rollback(self) -> None:
        if not self._ended:
            self._ended = True
            self._log._end()


def _refuse_loose(found: Sequence[Any] | None) -> None:
    if found is not None:
        raise IntegrityError(f"{found[0]}: version {found[1]} has no predecessor")


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    done = 0
    for size in CHUNKS:
        while len(rows) - done >= size:
            yield rows[done : done + size]
            done += size


def _notification(row: Row) -> Notification:
    return Notification(
        id=row.position,
        originator_id=row.stream,
        originator_version=row.version,
        topic=row.topic,
        state=pack_state(row),
    )


def _or_all(limit: int | None) -> int:
    return 2**62 if limit is None else limit
