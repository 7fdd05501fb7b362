"""The order of a data folder's logs: a small file beside them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

from commands.errors import StorageUnavailable, UnusableLog
from commands.logs.order import Span, cut_to_fit
from commands.logs.slices import SLICES, Directory, directory_of, moved, ranges, shared_out
from commands.logs.vector import LOGS_MAX
from commands.store.checkpointer import Checkpointer
from commands.store.polling import head_beyond
from commands.store.port import EventLog, Transaction
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


class FileOrder:
    def __init__(self, path: Path, writer: sqlite3.Connection, reader: sqlite3.Connection) -> None:
        self._writer, self._reader = writer, reader
        self._checkpointer = Checkpointer(ORDER_FILE, path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="order")
        """Waits for the disk."""
        self.heads: list[int] = []
        self.directory = Directory(0, (0,) * SLICES)

    @classmethod
    def open(cls, path: Path, logs: int | None = None, *, empty: bool = True, at: int = 0) -> FileOrder:
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
            order._close()
            raise UnusableLog(f"this data folder has {order.logs} logs, not {logs}; none of them can be left out")
        return order

    @classmethod
    def seen(cls, path: Path, reader: sqlite3.Connection) -> FileOrder:
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
        self._look()

    def _write_directory(self, version: int, homes: Sequence[int], at: int) -> None:
        rows = [(version, *one, at) for one in ranges(homes)]
        self._writer.executemany("INSERT INTO slices VALUES (?,?,?,?,?)", rows)

    @property
    def logs(self) -> int:
        return len(self.heads)

    @property
    def head(self) -> int:
        return sum(self.heads)

    # looking

    async def look(self) -> None:
        with _told("read"):
            self._look()

    def _look(self) -> None:
        self.heads = [head_of(self._reader, log) for log in range(self.logs)]
        if self._version() != self.directory.version:
            self.directory = _directory(self._reader)

    def _version(self) -> int:
        return int(self._reader.execute("SELECT max(version) FROM slices").fetchone()[0])

    async def changed(self, after: int, timeout: float) -> bool:
        return await head_beyond(self._head, after, timeout)

    async def _head(self) -> int:
        await self.look()
        return self.head

    async def spans(self, after: int, upto: int) -> list[Span]:
        return self.known(after, upto)

    def known(self, after: int, upto: int) -> list[Span]:
        with _told("read"):
            return spans_between(self._reader, after, upto)

    async def places(self, log: int, positions: Sequence[int]) -> list[int]:
        found = [self.place(log, position) for position in positions]
        return [place for place in found if place is not None]

    def place(self, log: int, position: int) -> int | None:
        if position <= 0:
            return 0
        with _told("read"):
            row = self._reader.execute(
                "SELECT first, start, events FROM spans WHERE log = ? AND start <= ? ORDER BY start DESC LIMIT 1",
                (log, position),
            ).fetchone()
        if row is None or position >= row[1] + row[2]:
            return None
        return int(row[0] + position - row[1])

    async def version_under(self, transaction: Transaction) -> int:
        """It changes only under the locks of all logs."""
        with _told("read"):
            return self._version()

    async def settle(self, version: int) -> None:
        await self.look()

    # writing

    async def cut(self, heads: Sequence[int]) -> None:
        await self._written(partial(self._cut, heads))
        self._checkpointer.committed()
        await self.look()

    async def _written(self, write: Callable[[], None]) -> None:
        """In one transaction, on the thread that waits for the disk."""
        with _told("written"):
            await asyncio.get_running_loop().run_in_executor(self._thread, self._in_transaction, write)

    def _in_transaction(self, write: Callable[[], None]) -> None:
        begin_patiently(self._writer)
        try:
            write()
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    def _cut(self, heads: Sequence[int]) -> None:
        first = last_place(self._writer) + 1
        for log, head in enumerate(heads):
            known = head_of(self._writer, log)  # perhaps another process has cut meanwhile
            if head > known:
                self._writer.execute("INSERT INTO spans VALUES (?,?,?,?)", (first, log, known + 1, head - known))
                first += head - known

    async def move(self, logs: Sequence[EventLog], first: int, last: int, to: int, at: int) -> None:
        """All logs are locked meanwhile, and whoever writes looks under the lock of his log whether the directory is
        still what he went by."""
        assert 0 <= to < self.logs, to
        held: list[Transaction] = []
        try:
            for one in logs:
                held.append(await one.begin())
            heads = [transaction.head for transaction in held]
            await self._written(partial(self._move, heads, first, last, to, at))
        finally:
            for transaction in held:
                await transaction.rollback()
        await self.look()

    def _move(self, heads: Sequence[int], first: int, last: int, to: int, at: int) -> None:
        self._cut(heads)
        known = _directory(self._writer)
        self._write_directory(known.version + 1, moved(known.homes, first, last, to), at)

    @asynccontextmanager
    async def holding(self, key: str) -> AsyncIterator[None]:
        """One process serves a data folder with several logs, and sees to it by itself."""
        yield

    async def close(self) -> None:
        self._close()

    def _close(self) -> None:
        self._thread.shutdown()
        self._checkpointer.close()
        self._reader.close()
        self._writer.close()


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """Raises StorageUnavailable for what the file refuses."""
    try:
        yield
    except sqlite3.Error as error:
        raise StorageUnavailable(f"the order of the logs cannot be {doing}: {error}") from error


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
    return cut_to_fit([Span._make(row) for row in rows], after, upto)


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


def _directory(connection: sqlite3.Connection) -> Directory:
    return directory_of(connection.execute("SELECT version, first, last, log FROM slices ORDER BY version, first"))
