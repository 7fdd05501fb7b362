"""Looking into an SQLite file of the data folder: beside whoever uses it, without a lock and without a trace."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from commands.errors import UnusableLog

BUSY_MS = 5_000
AHEAD = "; what {}-wal holds can only be read where files may be made beside it: copy the folder to such a place"


def open_readonly(path: Path) -> sqlite3.Connection:
    """A connection that can write nothing. Raises UnusableLog when the file cannot be opened.

    A write-ahead log beside the file means that somebody uses it, or that he crashed: it is read, and never folded
    in. Without one SQLite has to make it for as long as we look, which only an ordinary connection can tidy up
    again; and where nothing may be made, nobody else writes either, so the file is read as it lies there.
    """
    ahead = path.with_name(path.name + "-wal").exists()
    writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    if ahead:
        mode = "mode=ro"
    elif writable:
        mode = "mode=rw"
    else:
        mode = "mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA query_only=1")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        advice = AHEAD.format(path.name) if ahead and not writable else ""
        raise UnusableLog(f"{path} cannot be read: {error}{advice}") from error
    return connection
