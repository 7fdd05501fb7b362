"""The event log of a data folder and the engine that writes it; several of both where the folder was begun so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from commands.engine import Engine
from commands.errors import UnusableLog
from commands.logs.engines import Engines
from commands.logs.merged import FollowedLogs, MergedLog
from commands.logs.order_file import FileOrder
from commands.store.port import EventLog
from commands.store.sqlite import SQLiteLog
from commands.store.sqlitereading import SeenLog
from kontor.folder import DataFolder
from kontor.readonly import open_readonly
from kontor.settings import Settings


def open_log(folder: DataFolder, settings: Settings, clock: Callable[[], int]) -> tuple[EventLog, Engine]:
    """Raises UnusableLog."""
    cached = settings.aggregates_cached_max
    if not folder.order.exists() and (settings.logs or 1) == 1:
        log = SQLiteLog.open(folder.log)
        return log, Engine(log, aggregates_max=cached, clock=clock)
    if settings.workers > 1:
        raise UnusableLog(
            "several logs are written by one process; leave out --workers, or begin a folder with one log"
        )
    order = FileOrder.open(folder.order, settings.logs, empty=_is_empty(folder), at=clock())
    merged = MergedLog([SQLiteLog.open(folder.log_of(number)) for number in range(order.logs)], order)
    return merged, Engines(merged, aggregates_max=max(1, cached // order.logs), clock=clock)


def open_to_follow(folder: DataFolder) -> EventLog:
    """Of a folder that has been begun, for whoever only goes along with what others write. Raises UnusableLog."""
    if not folder.order.exists():
        return SQLiteLog.open(folder.log)
    files = log_files(folder)
    return FollowedLogs([SQLiteLog.open(file) for file in files], FileOrder.open(folder.order))


def open_to_look(folder: DataFolder) -> EventLog:
    """For whoever only reads: nothing is made in the folder, which nobody need be able to write. Raises UnusableLog."""
    if not folder.order.exists():
        return SeenLog(open_readonly(folder.log))
    logs = [SeenLog(open_readonly(file)) for file in log_files(folder)]
    return FollowedLogs(logs, FileOrder.seen(folder.order, open_readonly(folder.order)))


def log_files(folder: DataFolder) -> list[Path]:
    """Of a folder that has been begun. Raises UnusableLog."""
    if not folder.order.exists():
        return [folder.log]
    with closing(open_readonly(folder.order)) as order:
        try:
            (logs,) = order.execute("SELECT count(*) FROM logs").fetchone()
        except sqlite3.Error as error:
            raise UnusableLog(f"{folder.order} is damaged: {error}; restore it from a backup") from error
    return [folder.log_of(number) for number in range(logs)]


def _is_empty(folder: DataFolder) -> bool:
    if not folder.log.exists():
        return True
    try:
        with closing(open_readonly(folder.log)) as connection:
            return connection.execute("SELECT 1 FROM events LIMIT 1").fetchone() is None
    except sqlite3.Error as error:
        raise UnusableLog(f"{folder.log} is damaged: {error}; restore it from a backup") from error
