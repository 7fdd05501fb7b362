"""Checkpoints of a SQLite file that is written all the time."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from commands.store.sqlitefile import SQLiteFile

CHECKPOINT_PAGES = 2_000
WAL_PAGES_MAX = 16_000
"""64 MB. Beyond it commits wait for a checkpoint, so that the write-ahead log begins anew."""
RESTART_EVERY_S = 5.0
CHECKPOINT_WAIT_MS = 200
CHECKPOINT_COMMITS = 16


class Checkpointer:
    """Moves the write-ahead log into the file on a thread of its own, so that no commit has to wait for it.

    The log can be written from its beginning again only when everything in it was moved, which never happens beside a
    writer that never pauses. So once it has become long, the writer is now and then kept waiting until the rest is
    moved; for a short while only, since a reader that began long ago may stand in the way.
    """

    def __init__(self, file: SQLiteFile, path: Path) -> None:
        self._file, self._path = file, path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._connection: sqlite3.Connection | None = None
        self._commits = 0
        self._restarted_at = -RESTART_EVERY_S

    def committed(self) -> None:
        self._commits += 1
        if self._commits % CHECKPOINT_COMMITS == 0:
            self._thread.submit(self._checkpoint)

    def _checkpoint(self) -> None:
        if self._connection is None:
            self._connection = self._file.connect(self._path, synchronous="FULL", busy_ms=CHECKPOINT_WAIT_MS)
        wal = self._path.with_name(self._path.name + "-wal")
        if not wal.exists() or wal.stat().st_size < CHECKPOINT_PAGES * 4096:
            return
        with contextlib.suppress(sqlite3.Error):
            _, pages, moved = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            overdue = time.monotonic() - self._restarted_at >= RESTART_EVERY_S
            if overdue and pages > WAL_PAGES_MAX and moved * 2 > pages:
                self._restarted_at = time.monotonic()
                self._connection.execute("PRAGMA wal_checkpoint(RESTART)")

    def close(self) -> None:
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()
