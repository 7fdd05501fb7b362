"""One connection to a Postgres server, for short questions one after the other; it is made anew when it broke."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from commands.store.patience import answered
from commands.store.server import Server


class Line:
    def __init__(self, server: Server, doing: str) -> None:
        """``doing`` says what cannot be done without it, for messages: read, written."""
        self._server = server
        self._doing = doing
        self._turn = asyncio.Lock()
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def ask(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """A statement that can be given twice: a connection that broke while nobody looked is no reason to refuse it.
        Raises StorageUnavailable."""
        async with self._turn:
            with self._server.told(self._doing):
                had = self._connection
                try:
                    return await self._asked(query, parameters)
                except (psycopg.OperationalError, psycopg.InterfaceError):
                    if had is None or self._connection is not None:
                        raise
                    return await self._asked(query, parameters)

    async def _asked(self, query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            connection = await self._usable()
            with answered(connection):
                cursor = await connection.execute(query.encode(), parameters, binary=True)
                return await cursor.fetchall()
        except BaseException:
            await self._drop_if_broken()
            raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Committed when the block ends. Raises what the block does, and StorageUnavailable."""
        async with self._turn:
            with self._server.told(self._doing):
                connection = await self._usable()
                try:
                    with answered(connection):
                        async with connection.transaction():
                            yield connection
                except BaseException:
                    await self._drop_if_broken()
                    raise

    async def _usable(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None:
            self._connection = connection = await self._server.connect_async()
            # Whatever the server's default is: what was said to be written is durable.
            await connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') IN ('off', 'local')"
            )
        return self._connection

    async def _drop_if_broken(self) -> None:
        """Also when it is in the middle of something, as when whoever asked was cancelled."""
        connection = self._connection
        if connection is not None and connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self._connection = None
            await connection.close()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
