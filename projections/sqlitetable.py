"""One table of a projection as an SQLite file keeps it, and how such files are opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from projections import flushing
from projections.projector import Index, Projection, Table
from projections.views import Place

KEYS_PER_QUERY = 500
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
        self.upsert = (
            f"INSERT INTO {self.name} VALUES (?,?,?{',?' * len(self.columns)}) "
            f"ON CONFLICT (key) DO UPDATE SET {changes}"
        )
        codec: Any = msgspec.msgpack if form == "msgpack" else msgspec.json
        self.decode = codec.Decoder(table.row).decode
        self.encode = codec.Encoder().encode
        self._blobs = form == "msgpack"
        self._values = [
            value for index in table.indexes.values() for value in (index.owner, index.order) if value is not None
        ]

    def create(self, connection: sqlite3.Connection, mark: str = "") -> None:
        """Makes the table and its indexes where there is no such table, within the caller's transaction.

        ``mark`` ends the names of the indexes, which stay when a table gets another name.
        """
        if self.exists(connection):
            return
        columns = "".join(f", {column}" for column in self.columns)
        form = "BLOB" if self._blobs else "TEXT"
        connection.execute(
            f"CREATE TABLE {self.name} (key TEXT PRIMARY KEY, position INTEGER NOT NULL, row {form} NOT NULL{columns})"
        )
        for name, index in self.table.indexes.items():
            listed = ", ".join([*_columns(name, index), "key"])
            connection.execute(f"CREATE INDEX {self.live}_{name}{mark} ON {self.name} ({listed})")

    def exists(self, connection: sqlite3.Connection) -> bool:
        statement = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return connection.execute(statement, (self.name,)).fetchone() is not None

    def fits(self, connection: sqlite3.Connection) -> bool:
        """Whether the table in the file has these columns; a program with other indexes may have made it."""
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({self.name})")]
        return columns == ["key", "position", "row", *(column.strip('"') for column in self.columns)]

    def listing(self, index: str, owner: str, after: Place | None, backwards: bool) -> tuple[str, list[Any]]:
        """A query whose last parameter is its limit."""
        place = [*_columns(index, self.table.indexes[index])[1:], "key"]
        where = f'"{index}" = ?'
        parameters: list[Any] = [owner]
        if after is not None:
            where += f" AND ({', '.join(place)}) {'<' if backwards else '>'} ({', '.join('?' * len(place))})"
            parameters += after if len(place) == 2 else (after.key,)
        order = ", ".join(f"{column} {'DESC' if backwards else 'ASC'}" for column in place)
        return f"SELECT key, row FROM {self.name} WHERE {where} ORDER BY {order} LIMIT ?", parameters

    def find(self, connection: sqlite3.Connection, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Keys and encoded rows of those that exist."""
        for key, _, row in self.find_kept(connection, keys):
            yield key, row

    def find_kept(self, connection: sqlite3.Connection, keys: Sequence[str]) -> Iterator[tuple[str, int, bytes]]:
        """The same with the position of the event that made each row what it is."""
        for start in range(0, len(keys), KEYS_PER_QUERY):
            some = keys[start : start + KEYS_PER_QUERY]
            marks = ",".join("?" * len(some))
            yield from connection.execute(f"SELECT key, position, row FROM {self.name} WHERE key IN ({marks})", some)

    def parameters(self, key: str, position: int, row: Any) -> tuple[Any, ...]:
        encoded = self.encode(row)
        return (
            key,
            position,
            encoded if self._blobs else encoded.decode(),
            *(value(key, row) for value in self._values),
        )


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
    return connection


def begin(connection: sqlite3.Connection) -> None:
    """Takes the write lock. Raises Busy."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        raise Busy from error
