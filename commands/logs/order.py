"""The order of all events of several logs, in cuts, and the directory of slices: a small file beside the logs.

Each log goes on by itself, numbered 1, 2, 3 … A cut says how far each of them was at one moment; what is new since the
last cut follows in the order, log by log. So every event has a place 1, 2, 3 … without holes, and whoever follows goes
through the order as through one log. A place never changes once it was given: views, deliveries and the ledger stand at
places. Nobody who writes waits for a cut. The method is that of Scalog (https://www.usenix.org/conference/nsdi20/presentation/ding).

The file is part of the log: it is kept and backed up with the files of the logs, before them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from commands.errors import UnusableLog
from commands.logs.slices import SLICES, Directory, ranges, shared_out
from commands.logs.vector import LOGS_MAX
from commands.store.checkpointer import Checkpointer
from commands.store.sqlitefile import SQLiteFile, begin_patiently

ORDER_FILE = SQLiteFile(application_id=0x4B4F5244, schema=1, what="order of the logs")  # "KORD"

SCHEMA = """
CREATE TABLE IF NOT EXISTS logs (log INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS spans (
    first INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    start INTEGER NOT NULL,
    events INTEGER NOT NULL,
    UNIQUE (log, start)
);
CREATE TABLE IF NOT EXISTS slices (
    version INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    log INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (version, first)
) WITHOUT ROWID;
"""


class Span(NamedTuple):
    """Events that follow one another both in the order and in their log."""

    first: int
    """Place of the first."""
    log: int
    start: int
    """Its position there."""
    events: int


class Order:
    def __init__(self, path: Path, writer: sqlite3.Connection, reader: sqlite3.Connection) -> None:
        self._writer, self._reader = writer, reader
        self._checkpointer = Checkpointer(ORDER_FILE, path)
        self.heads: list[int] = []
        """Position of each log up to which it is in the order."""
        self.directory = Directory(0, (0,) * SLICES)

    @classmethod
    def open(cls, path: Path, logs: int | None = None, *, empty: bool = True, at: int = 0) -> Order:
        """Opens the order, or makes that of ``logs`` logs: ``empty`` ones share the slices, else all of them are in the
        first, which has been alone until now. Logs that are new to an order have no slices until some are moved there.
        ``at`` is the instant (ms) that the directory is told to be of. Raises UnusableLog if there are more logs.
        """
        ORDER_FILE.check(path)
        try:
            order = cls(path, *_connections(path))
        except sqlite3.Error as error:
            raise UnusableLog(f"{path} cannot be opened as the order of the logs: {error}") from error
        order._found(logs or 1, empty, at)
        if logs is not None and logs < order.logs:
            order.close()
            raise UnusableLog(f"this data folder has {order.logs} logs, not {logs}; none of them can be left out")
        return order

    @classmethod
    def seen(cls, path: Path, reader: sqlite3.Connection) -> Order:
        """An order that is only looked at, on a connection that can write nothing. Raises UnusableLog."""
        order = cls(path, reader, reader)
        try:
            order._count_logs()
        except sqlite3.Error as error:
            raise UnusableLog(f"{path} is damaged: {error}; restore it from a backup") from error
        return order

    def _found(self, logs: int, empty: bool, at: int) -> None:
        assert 1 <= logs <= LOGS_MAX, logs
        begin_patiently(self._writer)
        if self._writer.execute("SELECT count(*) FROM logs").fetchone()[0] == 0:
            self._write_directory(1, shared_out(logs) if empty else (0,) * SLICES, at)
        self._writer.executemany("INSERT OR IGNORE INTO logs VALUES (?)", [(log,) for log in range(logs)])
        self._writer.execute("COMMIT")
        self._count_logs()

    def _count_logs(self) -> None:
        (count,) = self._reader.execute("SELECT count(*) FROM logs").fetchone()
        self.heads = [0] * count
        self.look()

    def _write_directory(self, version: int, homes: Sequence[int], at: int) -> None:
        rows = [(version, *one, at) for one in ranges(homes)]
        self._writer.executemany("INSERT INTO slices VALUES (?,?,?,?,?)", rows)

    @property
    def logs(self) -> int:
        return len(self.heads)

    @property
    def head(self) -> int:
        """The last place."""
        return sum(self.heads)

    def look(self) -> None:
        """Takes in what other processes have written."""
        self.heads = [head_of(self._reader, log) for log in range(self.logs)]
        version = self._reader.execute("SELECT max(version) FROM slices").fetchone()[0]
        if version != self.directory.version:
            self.directory = _directory(self._reader)

    def cut(self, heads: Sequence[int]) -> None:
        """Puts all events up to these positions into the order; durable when it returns. Raises sqlite3.Error.

        Waits for the disk: not for the event loop's thread.
        """
        begin_patiently(self._writer)
        try:
            first = last_place(self._writer) + 1
            for log, head in enumerate(heads):
                known = head_of(self._writer, log)  # perhaps another process has cut meanwhile
                if head > known:
                    self._writer.execute("INSERT INTO spans VALUES (?,?,?,?)", (first, log, known + 1, head - known))
                    first += head - known
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise
        self._checkpointer.committed()

    def version(self) -> int:
        """Of the directory, whoever has changed it."""
        return int(self._reader.execute("SELECT max(version) FROM slices").fetchone()[0])

    def move(self, first: int, last: int, log: int, at: int) -> None:
        """Gives the slices ``first`` to ``last`` another home; durable when it returns. Raises sqlite3.Error.

        Whoever calls it holds the locks of all logs concerned.
        """
        assert 0 <= first <= last < SLICES, (first, last)
        assert 0 <= log < self.logs, log
        begin_patiently(self._writer)
        try:
            known = _directory(self._writer)
            homes = (*known.homes[:first], *(log for _ in range(first, last + 1)), *known.homes[last + 1 :])
            self._write_directory(known.version + 1, homes, at)
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    def spans(self, after: int, upto: int) -> list[Span]:
        """What lies in (after, upto] of the order, cut to fit."""
        return spans_between(self._reader, after, upto)

    def spans_of(self, log: int, after: int, upto: int) -> list[Span]:
        """Where what a log has in (after, upto] lies in the order, as far as it does."""
        (begin,) = self._reader.execute(
            "SELECT max(start) FROM spans WHERE log = ? AND start <= ?", (log, after + 1)
        ).fetchone()
        rows = self._reader.execute(
            "SELECT first, log, start, events FROM spans WHERE log = ? AND start >= ? AND start <= ? ORDER BY start",
            (log, begin or 1, upto),
        )
        return [cut for row in rows if (cut := _within(Span._make(row), after - row[2] + 1, upto - row[2] + 1))]

    def place(self, log: int, position: int) -> int | None:
        """Where an event of a log is in the order; None while it is not. 0 for none."""
        if position <= 0:
            return 0
        row = self._reader.execute(
            "SELECT first, start, events FROM spans WHERE log = ? AND start <= ? ORDER BY start DESC LIMIT 1",
            (log, position),
        ).fetchone()
        if row is None or position >= row[1] + row[2]:
            return None
        return int(row[0] + position - row[1])

    def close(self) -> None:
        self._checkpointer.close()
        self._reader.close()
        self._writer.close()


def _connections(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """To write and to read with; the file is made where there is none."""
    writer = ORDER_FILE.connect(path, synchronous="FULL")
    ORDER_FILE.stamp(writer)
    writer.executescript(SCHEMA)
    return writer, ORDER_FILE.connect(path, synchronous="FULL")


def spans_between(connection: sqlite3.Connection, after: int, upto: int) -> list[Span]:
    """What lies in (after, upto] of the order, cut to fit. Of the file, whoever has it open."""
    (begin,) = connection.execute("SELECT max(first) FROM spans WHERE first <= ?", (after + 1,)).fetchone()
    rows = connection.execute(
        "SELECT first, log, start, events FROM spans WHERE first >= ? AND first <= ? ORDER BY first", (begin or 1, upto)
    )
    return [cut for row in rows if (cut := _within(Span._make(row), after - row[0] + 1, upto - row[0] + 1))]


def last_place(connection: sqlite3.Connection) -> int:
    """Where the order ends; 0 while nothing is in it."""
    row = connection.execute("SELECT first + events - 1 FROM spans ORDER BY first DESC LIMIT 1").fetchone()
    return 0 if row is None else int(row[0])


def head_of(connection: sqlite3.Connection, log: int) -> int:
    """The position up to which a log is in the order."""
    row = connection.execute(
        "SELECT start + events - 1 FROM spans WHERE log = ? ORDER BY start DESC LIMIT 1", (log,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def all_spans(connection: sqlite3.Connection) -> list[Span]:
    """For whoever examines the file by himself."""
    rows = connection.execute("SELECT first, log, start, events FROM spans ORDER BY first")
    return [Span._make(row) for row in rows]


def _within(span: Span, skipped: int, kept: int) -> Span | None:
    """Without its first ``skipped`` events, and without those beyond the first ``kept``."""
    skipped, kept = max(0, skipped), min(span.events, kept)
    return Span(span.first + skipped, span.log, span.start + skipped, kept - skipped) if kept > skipped else None


def _directory(connection: sqlite3.Connection) -> Directory:
    """The last version; the ones before it tell where slices have been."""
    homes = [0] * SLICES
    earlier: dict[int, list[int]] = {}
    rows = connection.execute("SELECT version, first, last, log FROM slices ORDER BY version, first")
    version = 0
    for version, first, last, log in rows:
        for number in range(first, last + 1):
            home, homes[number] = homes[number], log
            if version > 1 and home not in (log, *earlier.get(number, ())):
                earlier.setdefault(number, []).append(home)
    return Directory(version, tuple(homes), {number: tuple(logs) for number, logs in earlier.items()})
