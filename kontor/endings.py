"""How a command ends that could not go on: what the surroundings refuse is a line and exit code 1, no traceback."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable

KEPT = "what was acknowledged is kept, and the command may be repeated"


def ending_well(command: Callable[[], None]) -> None:
    """Runs it. Mistakes in the program still show where they were made; KONTOR_LOG_LEVEL=debug shows the others too."""
    from commands.errors import WritePathError

    try:
        command()
    except (OSError, sqlite3.Error, WritePathError) as error:
        if os.environ.get("KONTOR_LOG_LEVEL") == "debug":
            raise
        from kontor import console

        console.fail(in_words(error))


def in_words(error: Exception) -> str:
    """What was refused, where, and what to do."""
    if isinstance(error, sqlite3.Error):
        return f"a file of the data folder cannot be used: {error}; see that it may be written and has room; {KEPT}"
    if not isinstance(error, OSError):
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    advice = f"; make room; {KEPT}" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return f"{where}{error.strerror or error}{advice}"
