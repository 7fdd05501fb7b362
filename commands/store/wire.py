"""The writing connection, spoken to through libpq itself: a batch costs two round trips and little processor time.

psycopg's own ``copy`` and ``execute`` cost several waits a statement. Here the lock and the log's head are one query,
and rows, check and COMMIT another: the server goes on from COPY to COMMIT without being told. Whoever says that no more
rows come therefore begins the commit without waiting for anything. Rows go out some at a time, so that the server puts
the first into the table while the last are encoded.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from struct import Struct
from typing import Any

import psycopg
from psycopg import pq
from psycopg.pq.abc import PGconn, PGresult

from commands.store import server
from commands.store.port import Row
from commands.store.server import Lost, Refused

SEND_BUFFER = 1 << 20
"""Bytes; a whole batch goes to the kernel, however busy the event loop is afterwards."""
ROWS_AT_ONCE = 200
"""Rows that are encoded before the server is given them."""

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_GOOD = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COPY_IN)
_packers: dict[tuple[int, ...], Callable[..., bytes]] = {}
"""By the lengths of a row's parts. Rows of one kind have the same few."""
PACKERS_MAX = 4_096


class Wire:
    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self.connection = connection
        self._pg: PGconn = connection.pgconn
        self._copying = False
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._pg.socket)) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    @property
    def usable(self) -> bool:
        """Whether a transaction could begin now."""
        pg = self._pg
        return pg.status == pq.ConnStatus.OK and pg.transaction_status == pq.TransactionStatus.IDLE

    async def ask(self, query: bytes) -> Sequence[PGresult]:
        """Several statements at once; the answers to all. Raises Refused or Lost."""
        self.send(query)
        return await self.answers()

    def send(self, query: bytes) -> None:
        """As ``ask``, without waiting: ``answers`` tells how it went. Raises Lost."""
        self._guarded(lambda: self._pg.send_query(query))

    async def copy(self, query: bytes, rows: Sequence[Row]) -> None:
        """Sends a query whose first statement is a COPY FROM STDIN, and the rows; nothing comes of them before
        ``end_copy``. Raises Refused or Lost, and what a row raises that cannot be encoded."""
        self.send(query)
        parts = _copy_parts(rows)
        try:
            first = next(parts)
        finally:
            await self.answers()  # that the server waits for rows
        for part in chain((first,), parts):
            self._guarded(partial(self._pg.put_copy_data, part))

    def end_copy(self) -> None:
        """No more rows come; ``answers`` tells how it went. Raises Lost."""
        self._copying = False
        self._guarded(self._pg.put_copy_end)

    async def answers(self) -> Sequence[PGresult]:
        """Answers to what was sent, once all have come. Raises Refused or Lost."""
        try:
            async with asyncio.timeout(server.ANSWER_TIMEOUT_S):
                results = await self._collect()
        except (psycopg.Error, OSError, TimeoutError) as error:
            raise self._lost(error) from None
        self._copying = bool(results) and results[-1].status == pq.ExecStatus.COPY_IN
        bad = next((result for result in results if result.status not in _GOOD), None)
        if bad is None:
            return results
        message = _message(bad)
        severity = bad.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED)
        if severity != b"ERROR" or self._pg.status != pq.ConnStatus.OK:
            raise self._lost(message)
        raise Refused(message)

    async def abandon(self) -> bool:
        """Rolls back whatever is open; whether the connection can be used again."""
        try:
            if self._copying:
                self._copying = False
                self._pg.put_copy_end(b"rolled back")
                with contextlib.suppress(Refused):
                    await self.answers()
            if self._pg.status == pq.ConnStatus.OK and self._pg.transaction_status != pq.TransactionStatus.IDLE:
                await self.ask(b"ROLLBACK")
        except (psycopg.Error, Refused, Lost):
            return False
        return self.usable

    async def close(self) -> None:
        with contextlib.suppress(psycopg.Error, OSError):
            await self.connection.close()

    def _guarded(self, send: Callable[[], Any]) -> None:
        try:
            send()
            self._pg.flush()
        except psycopg.Error as error:
            raise self._lost(error) from None

    def _lost(self, why: object) -> Lost:
        # Nothing that comes later may be taken for the answer to something else.
        with contextlib.suppress(psycopg.Error):
            self._pg.finish()
        return Lost(str(why).strip().split("\n", 1)[0] or type(why).__name__)

    async def _collect(self) -> list[PGresult]:
        pg, results = self._pg, list[PGresult]()
        unsent = pg.flush()
        while True:
            while pg.is_busy():
                await self._ready(bool(unsent))
                pg.consume_input()
                if unsent:
                    unsent = pg.flush()
            result = pg.get_result()
            if result is None:
                return results
            results.append(result)
            if result.status == pq.ExecStatus.COPY_IN:
                return results

    async def _ready(self, to_write: bool) -> None:
        """Until the server has sent something, or takes more."""
        loop, fd = asyncio.get_running_loop(), self._pg.socket
        ready = loop.create_future()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        loop.add_reader(fd, wake)
        if to_write:
            loop.add_writer(fd, wake)
        try:
            await ready
        finally:
            loop.remove_reader(fd)
            if to_write:
                loop.remove_writer(fd)


def _message(result: PGresult) -> str:
    primary = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message or b"no reason given"
    return primary.decode(errors="replace").strip().split("\n", 1)[0]


def copy_bytes(rows: Sequence[Row]) -> bytes:
    """Rows in COPY's binary format (https://www.postgresql.org/docs/current/sql-copy.html, binary format)."""
    return b"".join(_copy_parts(rows))


def _copy_parts(rows: Sequence[Row]) -> Iterator[bytes]:
    """The same, so many rows at once."""
    parts = [_HEADER]
    for first in range(0, len(rows), ROWS_AT_ONCE):
        for position, stream, version, topic, meta, data, digest in rows[first : first + ROWS_AT_ONCE]:
            name, kind = stream.encode(), topic.encode()
            lengths = (len(name), len(kind), len(meta), len(data), len(digest))
            pack = _packers.get(lengths) or _packer(lengths)
            parts.append(
                pack(7, 8, position, lengths[0], name, 8, version, lengths[1], kind, lengths[2], meta, lengths[3], data,
                     lengths[4], digest)
            )  # fmt: skip
        yield b"".join(parts)
        parts = []
    yield _TRAILER


def _packer(lengths: tuple[int, ...]) -> Callable[..., bytes]:
    if len(_packers) >= PACKERS_MAX:
        _packers.clear()
    stream, topic, meta, data, digest = lengths
    layout = f">hiqi{stream}siqi{topic}si{meta}si{data}si{digest}s"
    packer = _packers[lengths] = Struct(layout).pack
    return packer
