"""A log as its examiner sees it: one consistent view of everything in it, whatever it is stored in, and unchanged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from commands.errors import UnusableLog
from kontor.readonly import open_readonly

PAGE = 5_000
CACHE_KIB = 65_536

COLUMNS = "position, stream, version, topic, meta, data, hash"
REPLY = "key, digest, status, headers, body, at"
SNAPSHOT = "stream, version, generation, hash, state"


Named = Path | str | tuple[str, ...]
"""A log: the file of a data folder, which may have others beside it, or the URL of a server, or of several."""


class Damaged(Exception):
    """The store itself cannot read what it holds."""


class Evidence(Protocol):
    """Everything is as of the moment when it was opened. Methods raise Damaged."""

    def extent(self) -> tuple[int, int, int]:
        """How many events, the lowest position and the highest; of an empty log 0, 1 and 0."""

    def positions(self) -> Iterator[int]:
        """In order."""

    def events(self) -> Iterator[list[tuple[Any, ...]]]:
        """All rows in pages, ordered by stream, in bytes, and version."""

    def rows(self, after: int, limit: int) -> list[tuple[Any, ...]]:
        """Events after a position, in order."""

    def replies(self) -> Iterator[tuple[Any, ...]]: ...

    def snapshots(self) -> Iterator[tuple[Any, ...]]:
        """Ordered by stream."""

    def stream(self, name: str, before: int) -> list[tuple[str, bytes]]:
        """Topic and data of a stream's events before a position, by version."""

    def history(self, name: str, after: int, limit: int) -> list[tuple[Any, ...]]:
        """Events of a stream after a version, in order."""


@contextmanager
def evidence(log: Named) -> Iterator[Evidence]:
    """Raises UnusableLog when it cannot be opened."""
    if isinstance(log, Path):
        order = log.with_name("order.db")
        if order.exists():
            from kontor.proving.evidence_merged import merged_evidence

            with merged_evidence(log.parent) as several:
                yield several
            return
        with closing(open_readonly(log)) as connection:
            connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            connection.execute("BEGIN")
            yield SQLiteEvidence(connection)
            connection.rollback()
        return
    from kontor.proving.evidence_servers import server_evidence

    with server_evidence([log] if isinstance(log, str) else log) as examined:
        yield examined.whole


class SQLiteEvidence:
    """The log's tables as they lie in a file, read past the store that wrote them, so that its mistakes are seen."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def extent(self) -> tuple[int, int, int]:
        with _damage():
            count = self._connection.execute("SELECT count(*) FROM events NOT INDEXED").fetchone()[0]
            low, high = self._connection.execute("SELECT min(position), max(position) FROM events").fetchone()
            return count, 1 if low is None else low, high or 0

    def positions(self) -> Iterator[int]:
        with _damage():
            for (position,) in self._connection.execute("SELECT position FROM events ORDER BY position"):
                yield position

    def events(self) -> Iterator[list[tuple[Any, ...]]]:
        with _damage():
            cursor = self._connection.execute(
                f"SELECT {COLUMNS} FROM events INDEXED BY sqlite_autoindex_events_1 ORDER BY stream, version"
            )
            while rows := cursor.fetchmany(PAGE):
                yield rows

    def rows(self, after: int, limit: int) -> list[tuple[Any, ...]]:
        with _damage():
            return self._connection.execute(
                f"SELECT {COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?", (after, limit)
            ).fetchall()

    def replies(self) -> Iterator[tuple[Any, ...]]:
        with _damage():
            yield from self._connection.execute(f"SELECT {REPLY} FROM replies")

    def snapshots(self) -> Iterator[tuple[Any, ...]]:
        with _damage():
            yield from self._connection.execute(f"SELECT {SNAPSHOT} FROM snapshots ORDER BY stream")

    def stream(self, name: str, before: int) -> list[tuple[str, bytes]]:
        with _damage():
            return self._connection.execute(
                "SELECT topic, data FROM events WHERE stream = ? AND position < ? ORDER BY version", (name, before)
            ).fetchall()

    def history(self, name: str, after: int, limit: int) -> list[tuple[Any, ...]]:
        with _damage():
            return self._connection.execute(
                f"SELECT {COLUMNS} FROM events WHERE stream = ? AND version > ? ORDER BY version LIMIT ?",
                (name, after, limit),
            ).fetchall()


def history_of(opened: Evidence, stream: str) -> Iterator[tuple[Any, ...]]:
    """All events of a stream, by version, however many they are. Raises Damaged."""
    after = 0
    while rows := opened.history(stream, after, PAGE):
        yield from rows
        after = rows[-1][2]


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Damaged(f"the file is damaged: {error}") from error


def count_of(log: Named) -> int:
    """Events in a log. Raises UnusableLog."""
    try:
        with evidence(log) as opened:
            return opened.extent()[0]
    except Damaged as damage:
        raise UnusableLog(
            f"{log}: {damage}; restore it from a backup" if isinstance(log, Path) else str(damage)
        ) from damage
