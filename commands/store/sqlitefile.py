"""Opening an SQLite file of ours: never touch one that is foreign, damaged or from a newer version."""

from __future__ import annotations

import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path

from commands.errors import UnusableLog

_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class SQLiteFile:
    """``application_id`` and ``schema`` stand in the file's header (https://sqlite.org/fileformat.html §1.3)."""

    application_id: int
    schema: int
    what: str

    def check(self, path: Path) -> None:
        """Reads the header alone. Raises UnusableLog with what is wrong and what to do; changes nothing."""
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
        schema, application = struct.unpack_from(">I", header, 60)[0], struct.unpack_from(">I", header, 68)[0]
        if application not in (0, self.application_id):
            raise UnusableLog(f"{path} belongs to another program; name another folder with --data")
        if schema > self.schema:
            raise UnusableLog(
                f"{path} was written by a newer Kontor (schema {schema}, this one knows {self.schema}); upgrade Kontor"
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
