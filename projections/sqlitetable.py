"""One table of a projection as an SQLite file keeps it, and how such files are opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import msgspec

from projections import flushing
from projections.projector import Index, Projection, Table
from projections.shelf import Shelf, register, unpacking
from projections.views import Place

KEYS_PER_QUERY = 500
TOGETHER = 250
"""Rows written by one statement where there are many."""
POSITIONS = """
CREATE TABLE IF NOT EXISTS positions (projection TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parked (
    projection TEXT NOT NULL, position INTEGER NOT NULL, stream TEXT NOT NULL, error TEXT NOT NULL,
    PRIMARY KEY (projection, position)
) WITHOUT ROWID;
"""
Form = Literal["msgpack", "json"]
"""How rows are written: small and quick, or for people who look into the file."""


class Busy(Exception):
    """Another process is writing the views just now."""


class StoredTable:
    """SQL and codec of one table, (key, position, row, columns…)."""

    def __init__(self, table: Table, projection: Projection, role: str = "", form: Form = "msgpack") -> None:
        """``role`` tells the tables of a generation that is not the live one from those that are."""
        self.table = table
        self.live = f"{table.name}_v{projection.version}"
        self.name = self.live + role
        self.columns = [column for name, index in table.indexes.items() for column in _columns(name, index)]
        changes = ", ".join(f"{name} = excluded.{name}" for name in ("position", "row", *self.columns))
        # Not REPLACE, which deletes the row from every index and enters it anew: a third slower.
        marks, conflict = f"(?,?,?{',?' * len(self.columns)})", f" ON CONFLICT (key) DO UPDATE SET {changes}"
        self.upsert = f"INSERT INTO {self.name} VALUES {marks}{conflict}"
        self._upsert_many = f"INSERT INTO {self.name} VALUES {','.join([marks] * TOGETHER)}{conflict}"
        codec: Any = msgspec.msgpack if form == "msgpack" else msgspec.json
        self._blobs = form == "msgpack"
        self.shelf = Shelf(self.name, self.columns) if table.archived and self._blobs else None
        decode = codec.Decoder(table.row).decode
        self.decode = decode if self.shelf is None else unpacking(decode)
        self.encode = codec.Encoder().encode
        self.names = [self.name] if self.shelf is None else [self.name, self.shelf.name]
        """Of the tables whose rows together are its rows."""
        self._values = [
            value for index in table.indexes.values() for value in (index.owner, index.order) if value is not None
        ]

    def create(self, connection: sqlite3.Connection, mark: str = "") -> None:
        """Makes the table and its indexes where there is no such table, within the caller's transaction.

        ``mark`` ends the names of the indexes, which stay when a table gets another name.
        """
        columns = "".join(f", {column}" for column in self.columns)
        form = "BLOB" if self._blobs else "TEXT"
        for made in self.names:
            if _exists(connection, made):
                continue
            connection.execute(
                f"CREATE TABLE {made} (key TEXT PRIMARY KEY, position INTEGER NOT NULL, row {form} NOT NULL{columns})"
            )
            for name, index in self.table.indexes.items():
                listed = ", ".join([*_columns(name, index), "key"])
                called = f"{self.live}{made.removeprefix(self.name)}_{name}{mark}"
                connection.execute(f"CREATE INDEX {called} ON {made} ({listed})")

    def exists(self, connection: sqlite3.Connection) -> bool:
        return _exists(connection, self.name)

    def fits(self, connection: sqlite3.Connection) -> bool:
        """Whether the table in the file has these columns; a program with other indexes may have made it."""
        today = ["key", "position", "row", *(column.strip('"') for column in self.columns)]
        return all([row[1] for row in connection.execute(f"PRAGMA table_info({name})")] == today for name in self.names)

    def listing(self, index: str, owner: str, after: Place | None, backwards: bool) -> tuple[str, list[Any]]:
        """A query whose last parameter is its limit; keys and rows come first in what it finds."""
        place = [*_columns(index, self.table.indexes[index])[1:], "key"]
        where = f'"{index}" = ?'
        parameters: list[Any] = [owner]
        if after is not None:
            where += f" AND ({', '.join(place)}) {'<' if backwards else '>'} ({', '.join('?' * len(place))})"
            parameters += after if len(place) == 2 else (after.key,)
        order = ", ".join(f"{column} {'DESC' if backwards else 'ASC'}" for column in place)
        found = ", ".join(["key", "row", *place[:-1]])
        # SQLite merges them, each in the order of its index.
        both = " UNION ALL ".join(f"SELECT {found} FROM {name} WHERE {where}" for name in self.names)
        return f"{both} ORDER BY {order} LIMIT ?", parameters * len(self.names)

    def find(self, connection: sqlite3.Connection, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Keys and encoded rows of those that exist."""
        for key, _, row in self.find_kept(connection, keys):
            yield key, row

    def find_kept(self, connection: sqlite3.Connection, keys: Sequence[str]) -> Iterator[tuple[str, int, bytes]]:
        """The same with the position of the event that made each row what it is."""
        for start in range(0, len(keys), KEYS_PER_QUERY):
            some = keys[start : start + KEYS_PER_QUERY]
            marks = ",".join("?" * len(some))
            # One statement, lest a row be moved between two of them.
            both = " UNION ALL ".join(
                f"SELECT key, position, row FROM {name} WHERE key IN ({marks})" for name in self.names
            )
            yield from connection.execute(both, [*some] * len(self.names))

    def walk(self, connection: sqlite3.Connection) -> Iterator[tuple[str, int, bytes]]:
        """Every row by key."""
        both = " UNION ALL ".join(f"SELECT key, position, row FROM {name}" for name in self.names)
        yield from connection.execute(f"{both} ORDER BY key")

    def put(self, connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Writes ``parameters`` of rows, within the caller's transaction."""
        connection.executemany(self.upsert, rows)
        if self.shelf is not None:
            self.shelf.take_out(connection, [row[0] for row in rows])

    def put_many(self, connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """The same for a thread beside another that is busy: Python is asked for once in so many rows, not for each."""
        whole = len(rows) - len(rows) % TOGETHER
        for start in range(0, whole, TOGETHER):
            some = rows[start : start + TOGETHER]
            connection.execute(self._upsert_many, list(chain.from_iterable(some)))
        self.put(connection, rows[whole:])
        if self.shelf is not None:
            self.shelf.take_out(connection, [row[0] for row in rows[:whole]])

    def take_out(self, connection: sqlite3.Connection, keys: Sequence[str]) -> None:
        for name in self.names:
            connection.executemany(f"DELETE FROM {name} WHERE key = ?", [(key,) for key in keys])

    def daily(self, connection: sqlite3.Connection, after: str, before: str, limit: int) -> list[str]:
        """Keys between two others of rows that are not archived."""
        query = f"SELECT key FROM {self.name} WHERE key > ? AND key < ? ORDER BY key LIMIT ?"
        return [key for (key,) in connection.execute(query, (after, before, limit))]

    def parameters(self, key: str, position: int, row: Any) -> tuple[Any, ...]:
        encoded = self.encode(row)
        return (
            key,
            position,
            encoded if self._blobs else encoded.decode(),
            *[value(key, row) for value in self._values],
        )


def _exists(connection: sqlite3.Connection, table: str) -> bool:
    statement = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(statement, (table,)).fetchone() is not None


def _columns(name: str, index: Index) -> list[str]:
    """Of an index: its owner, and its order where it has one."""
    return [f'"{name}"'] if index.order is None else [f'"{name}"', f'"{name}_order"']


def position_key(projection: Projection) -> str:
    return f"{projection.name}@{projection.version}"


def connect(path: Path, busy_ms: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.execute(f"PRAGMA busy_timeout={busy_ms}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={flushing.SYNCHRONOUS}")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    register(connection)
    return connection


def begin(connection: sqlite3.Connection) -> None:
    """Takes the write lock. Raises Busy."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        raise Busy from error
