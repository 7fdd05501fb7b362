"""The vault in Postgres, in a database or schema of its own that is not the log's nor in the log's backups.

What was revoked elsewhere is asked for by a thread, so that looking at a cached key costs no round trip. An erased key
is gone from every process within ``FORGET_S``: a process that has not been able to ask for so long forgets all of
them. What Postgres keeps of a deleted row, in its write-ahead log and its archives, is kept as long as those are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from commands.errors import StorageUnavailable
from commands.store.migrating import lock_key, migrate
from commands.store.server import RECONNECT_S, Server, milliseconds
from commands.vault_store import REVOCATIONS, Revocation, VaultTransaction

ASK_EVERY_S = 0.25
FORGET_S = 1.0
CONNECTIONS_MAX = 4
PATIENCE_S = 2.0
"""For a connection. A key that is not in memory is fetched on the event loop, which must not stand still for long."""
BREATHER_S = 1.0
"""After a failure nobody tries again for so long."""
STATEMENT_TIMEOUT_S = 5.0


class VaultServer:
    """Open it with ``open``. Raises StorageUnavailable whenever the server cannot be asked."""

    def __init__(self, server: Server, schema: str) -> None:
        self._server = server
        self._lock = lock_key("vault", schema)
        settings = server.with_settings(
            statement_timeout=milliseconds(STATEMENT_TIMEOUT_S), lock_timeout=milliseconds(STATEMENT_TIMEOUT_S)
        )
        self._pool: ConnectionPool[Any] = ConnectionPool(
            kwargs=settings.parameters | {"autocommit": True},
            min_size=1,
            max_size=CONNECTIONS_MAX,
            timeout=PATIENCE_S,
            reconnect_timeout=RECONNECT_S,
            num_workers=1,
            check=ConnectionPool.check_connection,
            name="vault",
            open=True,
        )
        self._down_until = 0.0
        self._asking = threading.Lock()
        self._news: list[Revocation] = []
        self._last_seq = 0
        self._asked_at = time.monotonic()
        self._ask()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._ask_now_and_then, name="vault", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, url: str) -> VaultServer:
        """Makes the tables if need be. Raises UnusableLog, which says what is wrong with the URL or what is there."""
        server = Server.at(url, "vault")
        return cls(server, migrate(server, "vault"))

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            return _execute(connection, query, parameters)

    @contextmanager
    def writing(self) -> Iterator[VaultTransaction]:
        with self._connection() as connection, connection.transaction():
            # Writers take turns, so that revocations become visible in the order of their numbers.
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._lock,))
            yield _Transaction(connection)
        self._ask()

    def news(self) -> Sequence[Revocation] | None:
        if time.monotonic() - self._asked_at > FORGET_S:
            return None
        if not self._news:
            return ()
        with self._asking:
            told, self._news = self._news, []
        return told

    def scrub(self) -> None:
        """Takes deleted rows out of the table; their bytes are overwritten when their room is used again."""
        with self._connection() as connection:
            connection.execute("VACUUM person_keys")

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._pool.close()

    def _ask_now_and_then(self) -> None:
        while not self._closing.wait(ASK_EVERY_S):
            with suppress(StorageUnavailable):
                self._ask()

    def _ask(self) -> None:
        with self._asking:
            began = time.monotonic()
            found = [Revocation._make(row) for row in self.rows(REVOCATIONS, (self._last_seq,))]
            if found:
                self._news = self._news + found
                self._last_seq = found[-1].seq
            self._asked_at = began

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        if time.monotonic() < self._down_until:
            raise StorageUnavailable(f"the vault at {self._server} could not be reached a moment ago")
        with self._server.told("used"):
            try:
                with self._pool.connection() as connection:
                    yield connection
            except PoolTimeout:
                self._down_until = time.monotonic() + BREATHER_S
                raise


class _Transaction:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return _execute(self._connection, statement, parameters)


def _execute(connection: psycopg.Connection[Any], statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    cursor = connection.execute(statement.replace("?", "%s").encode(), parameters, binary=True)
    return cursor.fetchall() if cursor.description else []
