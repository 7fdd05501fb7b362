"""Views are not flushed to the disk while they are written: the disk is the log's.

A killed process loses nothing by that, for the system still has every page; a power cut may leave the file torn. So the
file says in which boot of the machine it was last written without being flushed, and one from another boot is folded
anew. Closing flushes it. Where the system does not tell its boots apart, SQLite flushes at every checkpoint instead.

Measured on the project's machine: flushing at the checkpoints held up the log's commits for 40 to 80 ms every two
seconds, which was the p99 of a checkout.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path


def _boot() -> str:
    """Names the time since the machine was started; empty where that is not told (only Linux has this file)."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


BOOT = _boot()
SYNCHRONOUS = "OFF" if BOOT else "NORMAL"
SCHEMA = """
CREATE TABLE IF NOT EXISTS unflushed (boot TEXT NOT NULL);
INSERT INTO unflushed SELECT '' WHERE NOT EXISTS (SELECT 1 FROM unflushed);
"""


def is_whole(connection: sqlite3.Connection) -> bool:
    """False when the machine was started anew since something was written that nobody flushed."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'unflushed'").fetchone():
        return True  # new, or by a version that always flushed
    return connection.execute("SELECT boot FROM unflushed").fetchone()[0] in ("", BOOT)


def owe(connection: sqlite3.Connection) -> None:
    """Within a transaction that writes."""
    connection.execute("UPDATE unflushed SET boot = ? WHERE boot <> ?", (BOOT, BOOT))


def flush(connection: sqlite3.Connection) -> None:
    """Brings everything to the disk, and says so in the file; leaves that to others if they are reading or writing."""
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA synchronous=FULL")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            connection.execute("UPDATE unflushed SET boot = ''")
