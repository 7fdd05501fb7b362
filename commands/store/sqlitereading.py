"""An event log in an SQLite file, as far as it is read: also for whoever may not, or will not, write there."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice

from commands.errors import StorageUnavailable
from commands.routes import decider_of
from commands.store.polling import head_beyond
from commands.store.port import Loaded, Reply, Row, Snapshot, Transaction

LOAD_MAX = 500
"""Streams a query."""
SELECT = "SELECT position, stream, version, topic, meta, data, hash FROM events "


class SQLiteReading:
    """What the port says of readers, on a connection that somebody else has opened."""

    _reader: sqlite3.Connection

    async def head(self) -> int:
        return self._reader.execute("SELECT max(position) FROM events").fetchone()[0] or 0

    async def read(self, after: int, limit: int) -> Sequence[Row]:
        return self.read_now(after, limit)

    def read_now(self, after: int, limit: int) -> list[Row]:
        rows = self._reader.execute(SELECT + "WHERE position > ? ORDER BY position LIMIT ?", (after, limit))
        return [Row._make(row) for row in rows]

    async def read_stream(self, stream: str, after_version: int = 0) -> Sequence[Row]:
        return _stream(self._reader, stream, after_version)

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        return load_all(self._reader, streams)

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        return replies_to(self._reader, keys)

    async def changed(self, after: int, timeout: float) -> bool:
        return await head_beyond(self.head, after, timeout)


class SeenLog(SQLiteReading):
    """A log that is only looked at."""

    def __init__(self, reader: sqlite3.Connection) -> None:
        self._reader = reader

    async def begin(self) -> Transaction:
        raise StorageUnavailable("this event log is only looked at")

    def forget_replies(self, before: int) -> AsyncIterator[int]:
        raise StorageUnavailable("this event log is only looked at")

    async def close(self) -> None:
        self._reader.close()


def load_all(connection: sqlite3.Connection, streams: Iterable[str]) -> dict[str, Loaded]:
    """Two queries for many streams; the few that have a snapshot are loaded one by one."""
    wanted, loaded = iter(streams), {}
    while some := tuple(islice(wanted, LOAD_MAX)):
        marks = ",".join("?" * len(some))
        snapped = connection.execute(f"SELECT stream FROM snapshots WHERE stream IN ({marks})", some).fetchall()
        rows: dict[str, list[Row]] = {stream: [] for stream in some}
        for (stream,) in snapped:
            loaded[stream] = _load(connection, stream)
            del rows[stream]
        marks = ",".join("?" * len(rows))
        for row in connection.execute(SELECT + f"WHERE stream IN ({marks}) ORDER BY stream, version", tuple(rows)):
            rows[row[1]].append(Row._make(row))
        loaded.update((stream, Loaded(None, found)) for stream, found in rows.items())
    return loaded


def replies_to(connection: sqlite3.Connection, keys: Iterable[str]) -> dict[str, Reply]:
    found = (connection.execute("SELECT * FROM replies WHERE key = ?", (key,)).fetchone() for key in keys)
    return {row[0]: Reply._make(row) for row in found if row is not None}


def _load(connection: sqlite3.Connection, stream: str) -> Loaded:
    found = connection.execute(
        "SELECT * FROM snapshots WHERE stream = ? AND generation = ?", (stream, decider_of(stream).generation)
    ).fetchone()
    snapshot = None if found is None else Snapshot._make(found)
    return Loaded(snapshot, _stream(connection, stream, snapshot.version if snapshot else 0))


def _stream(connection: sqlite3.Connection, stream: str, after_version: int) -> list[Row]:
    rows = connection.execute(SELECT + "WHERE stream=? AND version>? ORDER BY version", (stream, after_version))
    return [Row._make(row) for row in rows]
