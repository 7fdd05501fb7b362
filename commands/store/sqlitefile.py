"""Opening an SQLite file of ours: never touch one that is foreign, damaged or from a newer version."""

from __future__ import annotations

import asyncio
import sqlite3
import struct
import time
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from commands.errors import UnusableLog

BUSY_TIMEOUT_S = 5.0
BUSY_LOOK_S = 0.0005
_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class SQLiteFile:
    """``application_id`` and ``schema`` stand in the file's header (https://sqlite.org/fileformat.html §1.3)."""

    application_id: int
    schema: int
    what: str

    def check(self, path: Path) -> None:
        """Raises UnusableLog with what is wrong and what to do; changes nothing and makes nothing beside the file.

        Not for a file that this process has open: closing it here would let go of its locks.
        """
        try:
            header = path.read_bytes()[:100] if path.stat().st_size < 4096 else _head_of(path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise UnusableLog(f"the {self.what} {path} cannot be read: {error.strerror}") from error
        if not header:
            return
        if len(header) < 100 or not header.startswith(_MAGIC):
            raise UnusableLog(
                f"{path} is not a Kontor {self.what} or is damaged; "
                "restore it from a backup or name another folder with --data"
            )
        cookie, schema, application = (struct.unpack_from(">I", header, offset)[0] for offset in (40, 60, 68))
        # Without an application's id it may be a file that we were just about to sign; but only if nothing is in it.
        if application not in (0, self.application_id) or (application == 0 and cookie):
            raise UnusableLog(f"{path} belongs to another program; name another folder with --data")
        if schema > self.schema:
            raise UnusableLog(
                f"{path} was written by a newer Kontor (schema {schema}, this one knows {self.schema}); upgrade Kontor"
            )
        if not path.with_name(path.name + "-wal").exists():  # else somebody uses it, or SQLite repairs it first
            self._probe(path, header)

    def _probe(self, path: Path, header: bytes) -> None:
        """Looks whether the file is all there, and into each table."""
        size, pages = struct.unpack_from(">H", header, 16)[0], struct.unpack_from(">I", header, 28)[0]
        try:
            if path.stat().st_size < pages * (65_536 if size == 1 else size):
                raise sqlite3.DatabaseError("it is cut short")
            uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                for (table,) in tables:
                    connection.execute(f'SELECT * FROM "{table}" LIMIT 1').fetchall()
        except sqlite3.Error as error:
            raise UnusableLog(f"the {self.what} {path} is damaged: {error}; restore it from a backup") from error
        if not tables and struct.unpack_from(">I", header, 68)[0]:
            # Signed, and what followed stood in the write-ahead log.
            raise UnusableLog(
                f"the {self.what} {path} is empty: it was copied without {path.name}-wal, or its making was "
                "interrupted; restore it from a backup, or delete it to begin anew"
            )

    def connect(self, path: Path, synchronous: str, busy_ms: int = 5_000) -> sqlite3.Connection:
        """Autocommit mode, WAL, checkpoints left to whoever owns the file. Raises sqlite3.Error."""
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        connection.execute(f"PRAGMA busy_timeout={busy_ms}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        return connection

    def stamp(self, connection: sqlite3.Connection) -> None:
        """Writes the header fields of a new file, and into the file itself rather than only its write-ahead log."""
        if connection.execute("PRAGMA user_version").fetchone()[0] == self.schema:
            return
        connection.execute(f"PRAGMA application_id={self.application_id}")
        connection.execute(f"PRAGMA user_version={self.schema}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(100)


def is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else is at it, for whichever of SQLite's reasons (the low byte of an extended code)."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def begin_patiently(writer: sqlite3.Connection) -> None:
    """Takes SQLite's write lock as soon as another process lets go of it. Raises sqlite3.OperationalError.

    SQLite's own way to wait sleeps up to a tenth of a second between two looks, which is many commits long.
    """
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            writer.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
        time.sleep(BUSY_LOOK_S)


async def begin_without_blocking(writer: sqlite3.Connection, disk_thread: Executor) -> None:
    """``begin_patiently`` for an event loop: another process' lock is waited for on the writer's own thread."""
    try:
        writer.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if not is_busy(error):
            raise
        await asyncio.get_running_loop().run_in_executor(disk_thread, begin_patiently, writer)
