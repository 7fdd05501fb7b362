"""What a feed is remembered to have said, by row, and how far its run is: one SQLite file for each feed.

It spares the work of comparing a row with what is stored, and holds no truth: without it rows are compared with the
state, which makes no event of an unchanged one either. So it is forgotten whenever it may not be about the last run.
A batch's digests and the place behind it are written together, after the batch is in the log: who is killed in between
finds the batch unchanged.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from domain.sellers.feedterms import RunCounts
from domain.stored.codec import DAMAGED
from streams.merchantfeeds.reading import Place
from streams.merchantfeeds.sources import Fetched

KEYS_AT_ONCE = 500
UNKNOWN = b""
"""Digest of a row that was rejected: listed, and not remembered."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, digest BLOB NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (id INTEGER PRIMARY KEY, value BLOB NOT NULL);
"""


class Progress(msgspec.Struct, frozen=True):
    """Of the run that is under way, or was the last."""

    run_id: str
    what: str
    number: int
    """Of runs that this file knows of: rows seen by this one carry it."""
    fetched: Fetched | None = None
    place: Place = Place()
    counts: RunCounts = RunCounts()
    nameless: int = 0
    """Rejected rows of which nobody knows what they were about."""
    kept: int = 0
    kept_bytes: int = 0


class FeedMemory:
    """Methods raise sqlite3.Error; they block, so they are called in a thread. A run that is called off leaves its
    thread behind: whoever closes the memory waits for it, since SQLite does not bear being closed under a statement."""

    def __init__(self, path: Path) -> None:
        """A file that is damaged is begun anew: nothing is lost with it."""
        self._alone = threading.Lock()
        try:
            self._db = self._opened(path)
        except sqlite3.DatabaseError:
            for name in (path.name, path.name + "-wal", path.name + "-shm"):
                path.with_name(name).unlink(missing_ok=True)
            self._db = self._opened(path)

    @staticmethod
    def _opened(path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.executescript(_SCHEMA)
        except BaseException:
            db.close()
            raise
        return db

    def close(self) -> None:
        with self._alone:
            self._db.close()

    def begin(self, run_id: str, what: str, last_run: str, *, anew: bool) -> Progress:
        """The run, where it was if it is under way. Rows are forgotten unless they are of ``last_run`` and wanted."""
        with self._alone:
            before = self._progress()
            if before is not None and before.run_id == run_id:
                return before
            number = 0
            if anew or before is None or (before.what, before.run_id) != (what, last_run):
                self._db.execute("DELETE FROM rows")
            else:
                number = before.number
            begun = Progress(run_id, what, number + 1)
            self._write(begun)
            return begun

    def note(self, progress: Progress) -> None:
        with self._alone:
            self._write(progress)

    def known(self, keys: Sequence[str]) -> dict[str, bytes]:
        with self._alone:
            found: dict[str, bytes] = {}
            for start in range(0, len(keys), KEYS_AT_ONCE):
                some = keys[start : start + KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                found.update(self._db.execute(f"SELECT key, digest FROM rows WHERE key IN ({marks})", some).fetchall())
            return found

    def advance(self, progress: Progress, digests: Mapping[str, bytes], seen: Iterable[str] = ()) -> None:
        """``digests`` are of rows that were taken or refused, ``seen`` other rows that the source still lists."""
        with self._alone:
            number = progress.number
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(
                    "INSERT INTO rows (key, digest, seen) VALUES (?, ?, ?) "
                    "ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, seen = excluded.seen",
                    [(key, digest, number) for key, digest in digests.items()],
                )
                self._db.executemany("UPDATE rows SET seen = ? WHERE key = ?", [(number, key) for key in seen])
                self._write(progress)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def gone(self, number: int, most: int) -> list[str]:
        """Rows that this run has not seen."""
        with self._alone:
            found = self._db.execute("SELECT key FROM rows WHERE seen <> ? LIMIT ?", (number, most))
            return [key for (key,) in found.fetchall()]

    def drop(self, progress: Progress, keys: Sequence[str]) -> None:
        with self._alone:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("DELETE FROM rows WHERE key = ?", [(key,) for key in keys])
            self._write(progress)
            self._db.execute("COMMIT")

    def _progress(self) -> Progress | None:
        found = self._db.execute("SELECT value FROM progress").fetchone()
        try:
            return None if found is None else msgspec.msgpack.decode(found[0], type=Progress)
        except DAMAGED:  # of another version
            return None

    def _write(self, progress: Progress) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO progress (id, value) VALUES (1, ?)", (msgspec.msgpack.encode(progress),)
        )
