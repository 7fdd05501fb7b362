"""The order of logs on Postgres servers: tables beside the first of them, for any number of processes.

Whoever has committed something cuts; under one lock, so that each event gets one place, and what somebody who was
killed has left is put in order by the next. What is new is kept in memory (``tail.py``), and a bell tells everybody.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg

from commands.errors import StorageUnavailable, UnusableLog
from commands.logs.member import MemberLog, MemberTransaction, join, require_first
from commands.logs.order import Span, cut_to_fit
from commands.logs.slices import SLICES, Directory, directory_of, moved, ranges, shared_out
from commands.logs.tail import KEPT, Tail
from commands.store.line import Line
from commands.store.migrating import lock_key, migrate
from commands.store.port import EventLog, Transaction
from commands.store.server import LOCK_TIMEOUT_S, STATEMENT_TIMEOUT_S, Server, milliseconds
from commands.store.wake import Wake

LOOK_S = 0.25
"""A notification that got lost is made up for within this time."""
DECIDED_S = 2.0
"""How long a move may go on that stops others from writing; then they call it off."""
DECIDED_LOOK_S = 0.005
KEY_LOOK_S = 0.02
NOWHERE = 1 << 62

COLUMNS = "first, log, start, events"
CUT = f"SELECT {COLUMNS} FROM order_cut(%s, %s::bigint[], %s)"
LOOK = f"""
SELECT 0::bigint, 0, coalesce(max(version), 0), 0::bigint FROM order_slices
UNION ALL SELECT {COLUMNS} FROM order_spans WHERE first > %s
"""
"""The version of the directory, and what is new in the order."""
SPANS = f"""
SELECT {COLUMNS} FROM order_spans
WHERE first >= coalesce((SELECT max(first) FROM order_spans WHERE first <= %s), 1) AND first <= %s ORDER BY first
"""
PLACES = """
SELECT (
    SELECT first + wanted - start FROM order_spans WHERE log = %s AND start <= wanted ORDER BY start DESC LIMIT 1
) FROM unnest(%s::bigint[]) AS wanted ORDER BY wanted
"""
HEADS = """
SELECT (SELECT start + events - 1 FROM order_spans AS spans WHERE spans.log = known.log ORDER BY start DESC LIMIT 1)
FROM order_logs AS known ORDER BY log
"""
NEWEST = f"SELECT {COLUMNS} FROM order_spans ORDER BY first DESC LIMIT %s"
DIRECTORY = "SELECT version, first, last, log FROM order_slices ORDER BY version, first"
PUT_SLICES = "INSERT INTO order_slices (version, first, last, log, at) VALUES (%s, %s, %s, %s, %s)"
LOCKED = "SELECT pg_advisory_xact_lock(%s)"


class ServerOrder:
    def __init__(self, server: Server, schema: str, tail: Tail, directory: Directory) -> None:
        self.directory = directory
        self._tail = tail
        self._schema = schema
        self._lock = lock_key("order", schema)
        patient = server.with_settings(
            lock_timeout=milliseconds(LOCK_TIMEOUT_S), statement_timeout=milliseconds(STATEMENT_TIMEOUT_S)
        )
        self._writing, self._reading, self._keys = (
            Line(patient, "written"),
            Line(patient, "read"),
            Line(patient, "read"),
        )
        self._wake = Wake(server, f"kontor_{schema}_order"[:63])

    @classmethod
    def open(cls, servers: Sequence[Server], at: int = 0) -> ServerOrder:
        """Opens the order of these logs, or makes it: empty ones share the slices, else all of them are in the first,
        which has been alone until now. Logs that are new to an order have no slices until some are moved there. ``at``
        is the instant (ms) that the directory is told to be of. Raises UnusableLog.
        """
        first = servers[0]
        require_first(first)
        schema = migrate(first, "order")
        with first.connect() as connection:
            shop = _found(connection, schema, len(servers), at)
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            heads = [int(head or 0) for (head,) in connection.execute(HEADS).fetchall()]
            newest = connection.execute(NEWEST, (KEPT,)).fetchall()
            directory = directory_of(connection.execute(DIRECTORY).fetchall())
            connection.execute("COMMIT")
        for number, server in enumerate(servers):
            join(server, shop, number, directory.version)
        return cls(first, schema, Tail(heads, [Span._make(row) for row in reversed(newest)]), directory)

    @property
    def heads(self) -> list[int]:
        return self._tail.heads

    @property
    def logs(self) -> int:
        return len(self._tail.heads)

    @property
    def head(self) -> int:
        return sum(self._tail.heads)

    # looking

    async def look(self) -> None:
        (_, _, version, _), *rows = sorted(await self._reading.ask(LOOK, (self._tail.last,)))
        if version > self.directory.version:
            directory = directory_of(await self._reading.ask(DIRECTORY))
            self._require_known(max(directory.homes))
            self.directory = directory
        self._add(rows)

    def _add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        spans = [Span._make(row) for row in rows]
        self._require_known(max((span.log for span in spans), default=0))
        self._tail.add(spans)

    def _require_known(self, log: int) -> None:
        if log >= self.logs:
            raise StorageUnavailable(
                f"this process knows {self.logs} logs, and log {log} is written meanwhile; start it again with all of "
                "them in KONTOR_POSTGRES_MORE_URLS"
            )

    async def changed(self, after: int, timeout: float) -> bool:
        clock = asyncio.get_running_loop().time
        until = clock() + timeout
        while not await self._wake.passed(after, min(LOOK_S, max(0, until - clock()))):
            await self.look()
            self._wake.horizon.heard(self.head)
            if clock() >= until:
                return self.head > after
        return True

    async def spans(self, after: int, upto: int) -> list[Span]:
        known = self._tail.between(after, upto)
        if known is None:
            rows = await self._reading.ask(SPANS, (after + 1, upto))
            known = cut_to_fit([Span._make(row) for row in rows], after, upto)
        return known

    def known(self, after: int, upto: int) -> list[Span]:
        return self._tail.between(after, upto) or []

    async def places(self, log: int, positions: Sequence[int]) -> list[int]:
        known = self._tail.places(log, positions)
        if known is None:
            known = [int(place) for (place,) in await self._reading.ask(PLACES, (log, list(positions)))]
        return known

    def place(self, log: int, position: int) -> int | None:
        return self._tail.place(log, position)

    # writing

    async def cut(self, heads: Sequence[int]) -> None:
        self._add(await self._writing.ask(CUT, (self._lock, list(heads), self._tail.last)))
        self._wake.ring(self.head)

    async def version_under(self, transaction: Transaction) -> int:
        assert isinstance(transaction, MemberTransaction)
        return transaction.epoch

    async def settle(self, version: int) -> None:
        """Whoever moves slices has sealed a log for this version. If that is not decided in time, he is gone, and the
        version is as the one before."""
        clock = asyncio.get_running_loop().time
        until = clock() + DECIDED_S
        while True:
            await self.look()
            if self.directory.version >= version:
                return
            if clock() > until:
                await self._call_off(version)
            else:
                await asyncio.sleep(DECIDED_LOOK_S)

    async def move(self, logs: Sequence[EventLog], first: int, last: int, to: int, at: int) -> None:
        """Raises StorageUnavailable, also when others have called it off meanwhile."""
        assert 0 <= to < self.logs, to
        await self.look()
        version = self.directory.version + 1
        try:
            heads = [await one.seal(version) for one in logs if isinstance(one, MemberLog)]
            done = await self._decide(version, heads, lambda homes: moved(homes, first, last, to), at)
        except BaseException:
            with suppress(StorageUnavailable):  # else whoever writes next calls it off
                await self._call_off(version)
            raise
        await self.look()
        if not done:
            raise StorageUnavailable("moving the slices took too long and was called off; nothing has moved")
        self._wake.ring(self.head)

    async def _call_off(self, version: int) -> None:
        await self._decide(version, None, lambda homes: homes, 0)

    async def _decide(
        self,
        version: int,
        heads: Sequence[int] | None,
        change: Callable[[Sequence[int]], Sequence[int]],
        at: int,
    ) -> bool:
        """What a version of the directory is; False if that has been decided already. With a cut at ``heads``."""
        async with self._writing.transaction() as connection:
            await connection.execute(LOCKED, (self._lock,))
            known = directory_of(await (await connection.execute(DIRECTORY)).fetchall())
            if known.version >= version:
                return False
            if heads is not None:
                await connection.execute(CUT, (self._lock, list(heads), NOWHERE))
            async with connection.cursor() as cursor:
                rows = [(version, *one, at) for one in ranges(change(known.homes))]
                await cursor.executemany(PUT_SLICES, rows)
        return True

    @asynccontextmanager
    async def holding(self, key: str) -> AsyncIterator[None]:
        number = lock_key("key", self._schema, key)
        while not (await self._keys.ask("SELECT pg_try_advisory_lock(%s)", (number,)))[0][0]:  # noqa: ASYNC110  # of another process
            await asyncio.sleep(KEY_LOOK_S)
        try:
            yield
        finally:
            with suppress(StorageUnavailable):  # a connection that broke has set it free; what was decided stays so
                await self._keys.ask("SELECT pg_advisory_unlock(%s)", (number,))

    async def close(self) -> None:
        await self._wake.close()
        for line in (self._writing, self._reading, self._keys):
            await line.close()


def _found(connection: psycopg.Connection[Any], schema: str, logs: int, at: int) -> str:
    """Makes the order of so many logs, or adds those that it has not; the shop whose logs they are. Raises
    UnusableLog."""
    with connection.transaction():
        connection.execute(LOCKED, (lock_key("order", schema),))
        known = connection.execute("SELECT shop FROM order_logs").fetchall()
        if len(known) > logs:
            raise UnusableLog(f"this shop has {len(known)} event logs, not {logs}; none of them can be left out")
        shop = str(known[0][0]) if known else secrets.token_hex(8)
        if not known:
            empty = connection.execute("SELECT 1 FROM events LIMIT 1").fetchone() is None
            rows = [(1, *one, at) for one in ranges(shared_out(logs) if empty else (0,) * SLICES)]
            connection.cursor().executemany(PUT_SLICES, rows)
        new = [(number, shop) for number in range(len(known), logs)]
        if new:
            connection.cursor().executemany("INSERT INTO order_logs (log, shop) VALUES (%s, %s)", new)
    return shop
