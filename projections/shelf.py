"""The archive of a table in a file: rows of which nothing is expected any more, packed, beside those in daily use.

It is a place and no state: the same row, in the same lists, is found there by whoever asks, and an event that
concerns it after all brings it back. So a view folded anew has the same rows, whichever of them lie where.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Sequence
from typing import Any

SUFFIX = "_archive"
"""Ends the name of the table beside the daily one."""
PACKED = b"\xc1"
"""Begins a packed row. No MessagePack begins so."""
LEVEL = 6


def packed(row: bytes) -> bytes:
    return PACKED + zlib.compress(row, LEVEL)


def unpacking(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Takes rows as they are, and packed ones."""
    return lambda row: decode(zlib.decompress(row[1:]) if row[:1] == PACKED else row)


def register(connection: sqlite3.Connection) -> None:
    connection.create_function("packed", 1, packed, deterministic=True)


class Shelf:
    """Statements are run within the caller's transaction."""

    def __init__(self, daily: str, columns: Sequence[str]) -> None:
        self.daily = daily
        self.name = daily + SUFFIX
        named = "".join(f", {column}" for column in columns)
        self._take = (
            f"INSERT OR REPLACE INTO {self.name} SELECT key, position, packed(row){named} FROM {daily} WHERE key = ?"
        )

    def put(self, connection: sqlite3.Connection, keys: Sequence[str]) -> int:
        """Moves rows here; how many. Those that are not in daily use are left alone."""
        named = [(key,) for key in keys]
        moved = connection.executemany(self._take, named).rowcount
        connection.executemany(f"DELETE FROM {self.daily} WHERE key = ?", named)
        return moved

    def take_out(self, connection: sqlite3.Connection, keys: Sequence[str]) -> None:
        """Of rows that have just been written anew, or are gone."""
        if connection.execute(f"SELECT 1 FROM {self.name} LIMIT 1").fetchone():
            connection.executemany(f"DELETE FROM {self.name} WHERE key = ?", [(key,) for key in keys])
