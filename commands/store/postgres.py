"""The log in Postgres: an acknowledged event is on the server's disk, and any number of processes write into it.

The lock of the log is an advisory lock, held from ``begin`` until commit or rollback by the one connection that this
process writes with; it comes free with the connection, and whoever waits for it is served in turn. Readers have a pool
and no lock. Subclasses the eventsourcing library's recorder; the table carries more columns than the library's own.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, Self

import psycopg
from eventsourcing.persistence import IntegrityError
from eventsourcing.postgres import PostgresDatastore
from psycopg.pq.abc import PGresult
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from commands.errors import NothingWritten
from commands.store.migrating import lock_key, migrate
from commands.store.patience import Silent, answered
from commands.store.port import Loaded, News, Reply, Row, Snapshot, Wanted, new_row
from commands.store.postgres_library import COPY, HEAD, SELECT, LibraryDatastore, LibraryRecorder, server_of
from commands.store.postgres_queries import (
    BACKWARDS,
    FORWARDS,
    OFFERS,
    PLACED,
    PUT_REPLIES,
    PUT_SNAPSHOTS,
    TAIL,
    columns,
    fetch,
    load_streams,
    may_be_there,
    moved_since,
    stored_replies,
)
from commands.store.server import (
    IDLE_TIMEOUT_S,
    LOCK_TIMEOUT_S,
    RECONNECT_S,
    STATEMENT_TIMEOUT_S,
    Lost,
    Refused,
    Server,
    milliseconds,
)
from commands.store.shared import SharedLook
from commands.store.wake import Wake
from commands.store.wire import Wire

READERS_MAX = 4
"""Connections of a process that read; more would only wait for the same two or three cores."""
READER_TIMEOUT_S = 10.0
FORGOTTEN_MAX = 500
"""Stored answers deleted in one transaction."""
LOOK_S = 0.25
"""A notification that got lost is made up for within this time."""

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({lock}); {head}"
"""READ COMMITTED whatever the server's default is: the head must be looked at when the lock is held, not before."""
FORGET = "DELETE FROM replies WHERE key IN (SELECT key FROM replies WHERE at < %s LIMIT %s)"
WRITE = COPY + "; SELECT refuse_loose({head}); COMMIT"


class PostgresLog(LibraryRecorder):
    look_for_head = HEAD
    """What is asked under the lock."""

    def __init__(self, datastore: PostgresDatastore, events_table_name: str = "events") -> None:
        """The library's way in; the table's name is ours. ``open`` is the usual one."""
        self.server = server_of(datastore)
        super().__init__(datastore, events_table_name="events")
        self.channel_name = f"kontor_{datastore.schema}"[: self.MAX_IDENTIFIER_LEN]
        self.lock = lock_key("log", datastore.schema)
        self._connect(self.server)

    def _connect(self, server: Server) -> None:
        self._writing = server.with_settings(
            lock_timeout=milliseconds(LOCK_TIMEOUT_S),
            statement_timeout=milliseconds(STATEMENT_TIMEOUT_S),
            idle_in_transaction_session_timeout=milliseconds(IDLE_TIMEOUT_S),
        )
        reading = server.with_settings(statement_timeout=milliseconds(STATEMENT_TIMEOUT_S))
        self._readers: AsyncConnectionPool[Any] = AsyncConnectionPool(
            kwargs=reading.parameters | {"autocommit": True},
            min_size=1,
            max_size=READERS_MAX,
            timeout=READER_TIMEOUT_S,
            reconnect_timeout=RECONNECT_S,
            open=False,
        )
        self._turn = asyncio.Lock()
        """The advisory lock is between connections; this one is between the users of our only writer."""
        self._wire: Wire | None = None
        self._wake = Wake(server, self.channel_name)
        self._head = SharedLook(self._look_for_head)

    @classmethod
    def open(cls, url: str) -> Self:
        """Opens the log, or makes it. Raises UnusableLog if there is no server, or something else than a log of ours.

        Its tables are in the first schema of the connection's search path.
        """
        server = Server.at(url)
        schema = migrate(server, "log")
        return cls(LibraryDatastore(server, schema))

    def create_table(self) -> None:
        """The library asks for it."""
        migrate(self.server, "log")

    # writing

    async def begin(self) -> PostgresTransaction:
        await self._turn.acquire()
        try:
            with self.server.told("written"):
                return await self._begin()
        except BaseException:
            await self._end()
            raise

    async def _begin(self) -> PostgresTransaction:
        query = BEGIN.format(lock=self.lock, head=self.look_for_head).encode()
        had = self._wire
        wire = await self._usable_wire()
        try:
            answers = await wire.ask(query)
        except Lost:
            if wire is not had:
                raise
            # A connection that broke while nobody looked is no reason to refuse anything, if another can be had.
            wire = await self._usable_wire()
            answers = await wire.ask(query)
        return self._begun(wire, answers)

    def _begun(self, wire: Wire, answers: Sequence[PGresult]) -> PostgresTransaction:
        """That was begun; the last of the answers tells of the head."""
        return PostgresTransaction(self, wire, int(answers[-1].get_value(0, 0) or 0))

    async def _usable_wire(self) -> Wire:
        """The writing connection, made anew if it broke. Raises psycopg.Error."""
        if self._wire is None or not self._wire.usable:
            await self._drop()
            connection = await self._writing.connect_async()
            # Whatever the server's default is: acknowledged means durable.
            await connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') IN ('off', 'local')"
            )
            self._wire = Wire(connection)
        return self._wire

    async def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()

    def _committed(self, position: int) -> None:
        self._turn.release()
        self._wake.ring(position)

    async def _end(self) -> None:
        """Rolls back whatever is open, and lets the next one in."""
        try:
            if self._wire is not None and not await self._wire.abandon():
                await self._drop()
        finally:
            self._turn.release()

    async def forget_replies(self, before: int) -> AsyncIterator[int]:
        while forgotten := await self._forget(before):
            yield forgotten

    async def _forget(self, before: int) -> int:
        transaction = await self.begin()
        try:
            with self.server.told("written"):
                connection = transaction.wire.connection
                with answered(connection):
                    cursor = await connection.execute(FORGET, (before, FORGOTTEN_MAX))
                await transaction.commit()
        except BaseException:
            await transaction.rollback()
            raise
        return cursor.rowcount

    # reading

    async def head(self) -> int:
        return await self._head()

    async def _look_for_head(self) -> int:
        return int((await self._read(HEAD, (), tuple))[0][0])

    async def read(self, after: int, limit: int) -> Sequence[Row]:
        return await self._read(SELECT + "WHERE position > %s ORDER BY position LIMIT %s", (after, limit), new_row)

    async def read_stream(self, stream: str, after_version: int = 0) -> Sequence[Row]:
        if not may_be_there(stream):
            return ()
        query = SELECT + "WHERE stream = %s AND version > %s ORDER BY version"
        return await self._read(query, (stream, after_version), new_row)

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        return await load_streams(self._read, streams)

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        return await stored_replies(self._read, keys)

    async def offers_of(self, sku: str, limit: int) -> Sequence[str]:
        """Streams of offers of a SKU, by name, whatever has become of them."""
        return [stream for (stream,) in await self._read(OFFERS, (sku, limit), tuple)]

    async def streams_between(self, first: str, end: str, limit: int, *, backwards: bool = False) -> Sequence[str]:
        """Names of streams after one and before another, in the order of their bytes, from the near end."""
        query, last = (BACKWARDS, first) if backwards else (FORWARDS, end)
        return [stream for (stream,) in await self._read(query, (first, end, last, limit), tuple)]

    async def placed_with(self, shop_id: str, back: int, limit: int) -> Sequence[str]:
        """Orders that were placed within the last ``back`` events and name a shop, the newest first."""
        return [stream for (stream,) in await self._read(PLACED, (back, shop_id.encode(), limit), tuple)]

    async def changed(self, after: int, timeout: float) -> bool:
        """Woken by the writer's notification; looks for itself now and then, in case that one got lost."""
        until = asyncio.get_running_loop().time() + timeout
        while not await self._wake.passed(after, min(LOOK_S, max(0, until - asyncio.get_running_loop().time()))):
            self._wake.horizon.heard(await self.head())
            if asyncio.get_running_loop().time() >= until:
                return self._wake.horizon.position > after
        return True

    async def _read(self, query: str, parameters: Sequence[Any], make: Callable[[Any], Any]) -> list[Any]:
        """Once more when the connection turns out to be broken, as all are when the server was restarted."""
        with self.server.told("read"):
            if self._readers.closed:
                await self._readers.open()
            try:
                return await self._fetch(query, parameters, make)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if isinstance(error, PoolTimeout | Silent) or error.sqlstate == "57014":
                    raise
                await self._readers.check()
                return await self._fetch(query, parameters, make)

    async def _fetch(self, query: str, parameters: Sequence[Any], make: Callable[[Any], Any]) -> list[Any]:
        async with self._readers.connection() as connection:
            return await fetch(connection, query, parameters, make)

    async def close(self) -> None:
        await self._wake.close()
        await self._head.close()
        await self._drop()
        await self._readers.close()
        self.datastore.close()


class PostgresTransaction:
    """The log's lock, held by a transaction of the writing connection."""

    def __init__(self, log: PostgresLog, wire: Wire, head: int) -> None:
        self.wire = wire
        self._log = log
        self._ended = False
        self._copying = False
        self._last = head
        self.head = head

    async def tail(self, after: int) -> Sequence[Row]:
        if after >= self.head:
            return ()
        return await self._read(TAIL, (after,), new_row)

    async def news(self, after: int, wants: Wanted) -> News:
        return await moved_since(self._read, after, self.head, wants)

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        return await load_streams(self._read, streams)

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        return await stored_replies(self._read, keys)

    async def append(self, rows: Sequence[Row], replies: Sequence[Reply], snapshots: Sequence[Snapshot]) -> None:
        if [row.position for row in rows] != list(range(self.head + 1, self.head + len(rows) + 1)):
            raise IntegrityError(f"positions go on from {self.head}")
        connection = self.wire.connection
        try:
            with self._log.server.told("written"):
                with answered(connection):
                    if replies:
                        await connection.execute(PUT_REPLIES, columns(replies), binary=True)
                    if snapshots:
                        await connection.execute(PUT_SNAPSHOTS, columns(snapshots), binary=True)
                if rows:
                    self._last = rows[-1].position
                    await self.wire.copy(WRITE.format(head=self.head).encode(), rows)
                    self._copying = True
        except (struct.error, UnicodeEncodeError) as error:
            raise IntegrityError(f"a row cannot be stored: {error}") from error

    def commit(self) -> Awaitable[None]:
        """What is to be written is with the server, or at least with the kernel, when this returns."""
        failed: Lost | None = None
        try:
            if self._copying:
                self.wire.end_copy()
            else:
                self.wire.send(b"COMMIT")
        except Lost as error:
            failed = error  # whether the server had all of it already is not known
        return self._committed(failed)

    async def _committed(self, failed: Lost | None) -> None:
        if failed is not None:
            raise failed
        server = self._log.server
        try:
            results = await self.wire.answers()
        except Refused as error:
            raise NothingWritten(f"the {server.what} at {server} cannot be written: {error}") from None
        if results[-1].command_status != b"COMMIT":  # of a transaction that had failed before
            raise NothingWritten(f"the {server.what} at {server} cannot be written: the transaction had ended")
        self._ended = True
        self._log._committed(self._last)

    async def rollback(self) -> None:
        if not self._ended:
            self._ended = True
            await self._log._end()

    async def _read(self, query: str, parameters: Sequence[Any], make: Callable[[Any], Any]) -> list[Any]:
        with self._log.server.told("read"):
            return await fetch(self.wire.connection, query, parameters, make)
