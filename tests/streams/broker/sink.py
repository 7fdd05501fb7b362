"""A sink that several processes share: idempotent by position, and it counts what it was asked to do twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from commands.store.port import Position
from domain.recorded import Recorded

SCHEMA = """
CREATE TABLE IF NOT EXISTS positions (partition INTEGER PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY, partition INTEGER, position INTEGER UNIQUE, stream TEXT,
    version INTEGER);
CREATE TABLE IF NOT EXISTS workers (name TEXT, partition INTEGER, UNIQUE (name, partition));
"""


class SQLiteSink:
    """``after_write`` runs between the sink's commit and the return of ``handle``: the place to die in."""

    def __init__(self, path: Path, name: str = "", after_write: Callable[[], object] = lambda: None) -> None:
        self._connection = sqlite3.connect(path, timeout=20, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.executescript(SCHEMA)
        self._name = name
        self._after_write = after_write

    async def begin(self, partition: int) -> Position:
        return self.position(partition)

    async def handle(self, partition: int, events: Sequence[Recorded], upto: Position) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        held = self.position(partition)
        for event in events:
            if event.position > held:
                row = (partition, event.position, event.stream, event.version)
                execute("INSERT INTO events (partition, position, stream, version) VALUES (?,?,?,?)", row)
        if upto > held:
            execute("INSERT OR REPLACE INTO positions VALUES (?,?)", (partition, upto))
        execute("INSERT OR IGNORE INTO workers VALUES (?,?)", (self._name, partition))
        execute("COMMIT")
        self._after_write()

    def position(self, partition: int) -> Position:
        found = self._connection.execute("SELECT position FROM positions WHERE partition=?", (partition,)).fetchone()
        return found[0] if found else 0

    def positions(self) -> dict[int, Position]:
        return dict(self._connection.execute("SELECT partition, position FROM positions").fetchall())

    def count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM events").fetchone()[0])

    def everything(self) -> list[Position]:
        return [row[0] for row in self._connection.execute("SELECT position FROM events ORDER BY position")]

    def out_of_order(self) -> list[tuple[str, int]]:
        """Events stored before an earlier one of their stream."""
        seen: dict[str, int] = {}
        wrong = []
        for stream, version in self._connection.execute("SELECT stream, version FROM events ORDER BY number"):
            if version != seen.get(stream, 0) + 1:
                wrong.append((stream, version))
            seen[stream] = version
        return wrong

    def workers(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for name, partition in self._connection.execute("SELECT name, partition FROM workers"):
            found.setdefault(name, set()).add(partition)
        return found

    def flush(self) -> None:
        self._connection.executescript("DELETE FROM events; DELETE FROM positions;")

    def close(self) -> None:
        self._connection.close()
