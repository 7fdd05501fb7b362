"""The simulated provider's own durable records: one SQLite file that knows nothing of Kontor's log.

Concurrent operations share a transaction (whatever queued while the last COMMIT flew); statements run on the event
loop's thread, COMMIT on a thread of its own, for the reasons given in ``commands/store/sqlite.py``. Several processes
may use the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from commands.store.checkpointer import Checkpointer
from commands.store.sqlitefile import SQLiteFile, begin_without_blocking
from domain.books.reconciliation import Movement
from streams.gateways import disputes
from streams.gateways.port import GatewayError, GatewayTimeout

RECORDS_FILE = SQLiteFile(application_id=0x4B505256, schema=1, what="payment provider's file")  # "KPRV"
BATCH_MAX = 1_000
BUSY_MS = 5_000
PAGE = 1_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS operations (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    order_id TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome BLOB NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS charges (
    reference TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    token TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    captured INTEGER NOT NULL DEFAULT 0,
    refunded INTEGER NOT NULL DEFAULT 0,
    voided INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS expiries (reference TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused_once (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS callbacks (
    id TEXT PRIMARY KEY,
    body BLOB NOT NULL,
    copies INTEGER NOT NULL,
    due_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due_at) WHERE due_at IS NOT NULL;
"""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class Operation(NamedTuple):
    key: str
    kind: str
    """``authorize``, ``capture``, ``void`` or ``refund``."""
    reference: str
    order_id: str
    amount: int
    currency: str
    status: str
    """The outcome in one word."""
    outcome: bytes
    at: int
    """Milliseconds since 1970."""


class Charge(NamedTuple):
    reference: str
    order_id: str
    token: str
    amount: int
    currency: str
    captured: int
    refunded: int
    voided: int


class Callback(NamedTuple):
    id: str
    body: bytes
    copies: int
    due_at: int | None
    """Milliseconds since 1970; None when it was delivered or given up."""
    attempts: int


class Records:
    def __init__(self, path: Path) -> None:
        """Raises ``commands.errors.UnusableLog`` when the file is not one of these."""
        RECORDS_FILE.check(path)
        self._writer = RECORDS_FILE.connect(path, synchronous="FULL", busy_ms=BUSY_MS)
        self._writer.executescript(SCHEMA + disputes.SCHEMA)
        RECORDS_FILE.stamp(self._writer)
        self._writer.execute("PRAGMA busy_timeout=0")
        self._reader = RECORDS_FILE.connect(path, synchronous="FULL", busy_ms=BUSY_MS)
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="provider-commit")
        self._checkpointer = Checkpointer(RECORDS_FILE, path)
        self._queue: deque[tuple[Work[Any], asyncio.Future[Any]]] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="provider-records")

    async def close(self) -> None:
        """Finishes what was accepted, then closes the file."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        self._committer.shutdown()
        self._checkpointer.close()
        self._reader.close()
        self._writer.close()

    # writing

    async def write(self, work: Work[T]) -> T:
        """What ``work`` returns or raises, once whatever it wrote is on disk.

        A GatewayError that ``work`` raises is its answer, and what it wrote before stays written. Raises GatewayError
        when the transaction came to nothing, GatewayTimeout when nobody knows.
        """
        if self._closing:
            raise GatewayError("the provider is closing")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append((work, future))
        self._wake.set()
        return await future

    async def _run(self) -> None:
        while True:
            if self._queue:
                await self._write([self._queue.popleft() for _ in range(min(len(self._queue), BATCH_MAX))])
            elif self._closing:
                return
            else:
                self._wake.clear()
                await self._wake.wait()

    async def _write(self, batch: Sequence[tuple[Work[Any], asyncio.Future[Any]]]) -> None:
        try:
            await begin_without_blocking(self._writer, self._committer)
            results = [_result(work, self._writer) for work, _ in batch]
        except sqlite3.Error as error:
            self._rollback()
            results = [GatewayError(f"nothing was recorded: {error}")] * len(batch)
        else:
            try:
                await self._on_disk_thread(self._writer.commit)
                self._checkpointer.committed()
            except sqlite3.Error as error:
                self._rollback()
                results = [GatewayTimeout(f"it is not known what was recorded: {error}")] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue  # the caller went away
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _rollback(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._writer.rollback()

    async def _on_disk_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._committer, work)

    # reading what is committed

    def operation(self, key: str) -> Operation | None:
        return operation(self._reader, key)

    def operations(self) -> Iterator[Operation]:
        """All of them by key, a page at a time, so that no reader holds a snapshot for long."""
        after = ""
        while True:
            rows = self._reader.execute(
                "SELECT * FROM operations WHERE key > ? ORDER BY key LIMIT ?", (after, PAGE)
            ).fetchall()
            yield from map(Operation._make, rows)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def disputes_of(self, reference: str, now: int) -> list[disputes.Row]:
        return disputes.of_charge(self._reader, reference, now)

    def disputed(self, now: int) -> list[Movement]:
        """What disputes moved until now."""
        return list(disputes.movements(self._reader, now))

    def due_callbacks(self, now: int, limit: int) -> list[Callback]:
        rows = self._reader.execute(
            "SELECT * FROM callbacks WHERE due_at <= ? ORDER BY due_at LIMIT ?", (now, limit)
        ).fetchall()
        return [Callback._make(row) for row in rows]


def _result(work: Work[Any], connection: sqlite3.Connection) -> Any:
    try:
        return work(connection)
    except GatewayError as refusal:
        return refusal


# statements, for the works of a transaction


def operation(connection: sqlite3.Connection, key: str) -> Operation | None:
    row = connection.execute("SELECT * FROM operations WHERE key = ?", (key,)).fetchone()
    return None if row is None else Operation._make(row)


def charge(connection: sqlite3.Connection, reference: str) -> Charge | None:
    row = connection.execute("SELECT * FROM charges WHERE reference = ?", (reference,)).fetchone()
    return None if row is None else Charge._make(row)


def set_expiry(connection: sqlite3.Connection, reference: str, until: int) -> None:
    connection.execute("INSERT INTO expiries VALUES (?,?)", (reference, until))


def expiry(connection: sqlite3.Connection, reference: str) -> int:
    """When what is set aside is let go by itself; 0 if never."""
    row = connection.execute("SELECT until FROM expiries WHERE reference = ?", (reference,)).fetchone()
    return 0 if row is None else int(row[0])


def add_operation(connection: sqlite3.Connection, made: Operation) -> None:
    connection.execute("INSERT INTO operations VALUES (?,?,?,?,?,?,?,?,?)", made)


def put_charge(connection: sqlite3.Connection, made: Charge) -> None:
    connection.execute("INSERT OR REPLACE INTO charges VALUES (?,?,?,?,?,?,?,?)", made)


def first_time(connection: sqlite3.Connection, key: str) -> bool:
    """Whether ``key`` was not asked about before; true once, whatever process asks."""
    return connection.execute("INSERT OR IGNORE INTO refused_once VALUES (?)", (key,)).rowcount == 1


def add_callback(connection: sqlite3.Connection, callback: Callback) -> None:
    connection.execute("INSERT OR IGNORE INTO callbacks VALUES (?,?,?,?,?)", callback)


def claim_callback(connection: sqlite3.Connection, callback: Callback, again_at: int | None) -> bool:
    """Whether this process may deliver it now; nobody else will before ``again_at``."""
    update = "UPDATE callbacks SET attempts = attempts + 1, due_at = ? WHERE id = ? AND attempts = ? AND due_at = ?"
    parameters = (again_at, callback.id, callback.attempts, callback.due_at)
    return connection.execute(update, parameters).rowcount == 1


def finish_callback(connection: sqlite3.Connection, callback_id: str) -> None:
    connection.execute("UPDATE callbacks SET due_at = NULL WHERE id = ?", (callback_id,))
