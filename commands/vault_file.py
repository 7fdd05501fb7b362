"""The vault's SQLite file: who may read it, how it is opened, and one lock each for readers and the writer."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from commands.vault_errors import VaultError
from commands.vault_store import REVOCATIONS, Revocation, VaultTransaction

APPLICATION_ID = 0x4B4F4E56
"""``KONV``; keeps the vault from opening the log, or a stranger's database, by mistake."""
_FIRST = """
CREATE TABLE person_keys (person_id TEXT PRIMARY KEY, key_id BLOB, key BLOB, created_at INTEGER NOT NULL,
    destroyed_at INTEGER) WITHOUT ROWID;
CREATE TABLE credentials (account_id TEXT PRIMARY KEY, hash TEXT NOT NULL, changed_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE families (family TEXT PRIMARY KEY, account_id TEXT NOT NULL, scope TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER) WITHOUT ROWID;
CREATE INDEX families_account ON families (account_id);
CREATE INDEX families_expiry ON families (expires_at);
CREATE TABLE refresh_tokens (digest BLOB PRIMARY KEY, family TEXT NOT NULL REFERENCES families ON DELETE CASCADE,
    expires_at INTEGER NOT NULL, used_at INTEGER) WITHOUT ROWID;
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE TABLE revocations (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL,
    at INTEGER NOT NULL);
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID;
"""
_WAITING_LINES = """
CREATE TABLE drops (drop_id TEXT PRIMARY KEY, offer_id TEXT NOT NULL, product_id TEXT NOT NULL,
    opens_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, per_minute INTEGER NOT NULL, admission_ms INTEGER NOT NULL,
    commitment TEXT NOT NULL, seed TEXT NOT NULL, issued INTEGER NOT NULL, joined INTEGER NOT NULL,
    called INTEGER NOT NULL, paced_at INTEGER NOT NULL, calls BLOB NOT NULL, available INTEGER NOT NULL,
    held INTEGER NOT NULL, unsold INTEGER NOT NULL, admitted INTEGER NOT NULL, seats INTEGER NOT NULL,
    ended INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE drop_tickets (ticket TEXT PRIMARY KEY, drop_id TEXT NOT NULL, number INTEGER NOT NULL, place INTEGER
    ) WITHOUT ROWID;
CREATE INDEX drop_tickets_place ON drop_tickets (drop_id, place);
"""
_SECOND_FACTORS = """
CREATE TABLE second_factors (account_id TEXT PRIMARY KEY, sealed BLOB NOT NULL, created_at INTEGER NOT NULL,
    confirmed_at INTEGER, last_step INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE recovery_codes (digest BLOB PRIMARY KEY, account_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX recovery_codes_account ON recovery_codes (account_id);
"""
SCHEMAS = (_FIRST, _WAITING_LINES, _SECOND_FACTORS)
"""Each is run once, in this order."""
SCHEMA_VERSION = len(SCHEMAS)


class VaultFile:
    """Two connections to the file: a reader on the event loop never waits for another thread's fsync, and the reader's
    ``data_version`` counts this process's own writes like everybody else's.

    Raises VaultError when the file belongs to something else or to a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._read_lock, self._write_lock = threading.Lock(), threading.Lock()
        self._data_version = -1
        self._last_seq = 0
        self._writer = _connect(path)
        self._reader = _connect(path)

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._read_lock:
            return self._reader.execute(query, parameters).fetchall()

    @contextmanager
    def writing(self) -> Iterator[VaultTransaction]:
        with self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield _Transaction(self._writer)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def news(self) -> Sequence[Revocation]:
        """Looks only when somebody has written anything since."""
        with self._read_lock:
            version = self._reader.execute("PRAGMA data_version").fetchone()[0]
            if version == self._data_version:
                return ()
            found = [Revocation._make(row) for row in self._reader.execute(REVOCATIONS, (self._last_seq,))]
            # Only now: had the query failed, the next call must try again.
            self._data_version = version
            if found:
                self._last_seq = found[-1].seq
            return found

    def scrub(self) -> None:
        """secure_delete has overwritten the key in its page; the write-ahead log may still hold the page as it was."""
        with self._write_lock:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        with self._write_lock, self._read_lock:
            self._reader.close()
            self._writer.close()


class _Transaction:
    def __init__(self, writer: sqlite3.Connection) -> None:
        self._writer = writer

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._writer.execute(statement, parameters).fetchall()


def _connect(path: Path) -> sqlite3.Connection:
    # Made by us before SQLite sees it: SQLite would use the umask, and its -wal and -shm files copy this file's mode.
    # Only made: to close a file that this process has open lets go of all its locks (POSIX), and then whoever else
    # closes the vault takes its write-ahead log away (https://sqlite.org/howtocorrupt.html §2.2).
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    os.chmod(path, 0o600)
    db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False, cached_statements=64)
    try:
        _prepare(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    try:
        _check_identity(db, path)
        _enter_wal(db)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise VaultError(f"{path.name} is not a vault") from error
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")
    db.execute("BEGIN IMMEDIATE")
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version < SCHEMA_VERSION:
            for schema in SCHEMAS[version:]:
                for statement in schema.split(";\n"):
                    db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _check_identity(db: sqlite3.Connection, path: Path) -> None:
    # All of one moment: another process may be making the vault.
    db.execute("BEGIN")
    tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    db.execute("COMMIT")
    if application != APPLICATION_ID and (application or version or tables):
        raise VaultError(f"{path.name} is not a vault")
    if version > SCHEMA_VERSION:
        raise VaultError(f"{path.name} has schema {version}, this version of Kontor knows {SCHEMA_VERSION}")


def _enter_wal(db: sqlite3.Connection) -> None:
    # The busy timeout does not cover the change of mode, and several processes may make it at once.
    for attempt in range(50):
        try:
            if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError:
            if attempt == 49:
                raise
        time.sleep(0.02)
    raise VaultError("the file system does not support SQLite's write-ahead log")
