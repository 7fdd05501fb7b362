"""Who else in a data folder has seen the log, and how far: what is told of its end when the end is gone.

Everything there follows the log and is never ahead of it. Once a service has started again on a shortened log, they
have begun anew and know nothing of it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from commands.errors import UnusableLog
from kontor.folder import DataFolder
from kontor.readonly import open_readonly


def seen_by_others(folder: DataFolder) -> dict[str, int]:
    """The newest position known to the views and to the search index, as far as there are any."""
    seen = {"the views have": views_position(folder.views), "the search index has": search_position(folder.search)}
    return {who: position for who, position in seen.items() if position is not None}


def views_position(path: Path) -> int | None:
    if not path.exists():
        return None
    try:
        with closing(open_readonly(path)) as connection:
            position: int | None = connection.execute("SELECT max(position) FROM positions").fetchone()[0]
            return position
    except (sqlite3.Error, UnusableLog):
        return None


def search_position(folder: Path) -> int | None:
    """As of the last commit of whoever writes the index; its lock is left alone."""
    if not (folder / "version").exists():
        return None
    from projections.search.tantivy_index import TantivyIndex

    index = TantivyIndex(folder)
    try:
        return index.position()
    finally:
        index.close()
