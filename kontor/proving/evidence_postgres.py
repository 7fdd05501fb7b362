"""A Postgres log as its examiner sees it: one read-only transaction, in which time stands still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from commands.errors import UnusableLog
from commands.store.server import Server
from kontor.proving.evidence import COLUMNS, PAGE, REPLY, SNAPSHOT, Damaged


@contextmanager
def postgres_evidence(url: str) -> Iterator[PostgresEvidence]:
    """Raises UnusableLog when there is no server, or no log of ours."""
    server = Server.at(url)
    with server.connect() as connection:
        connection.execute("SET default_transaction_read_only = on")
        row = connection.execute("SELECT to_regclass('kontor_migrations'), to_regclass('events')").fetchone()
        if row is None or None in row:
            raise UnusableLog(f"there is no event log at {server}")
        examined = PostgresEvidence(connection, server)
        examined.begin()
        yield examined
        connection.execute("ROLLBACK")


class PostgresEvidence:
    def __init__(self, connection: psycopg.Connection[Any], server: Server) -> None:
        self._connection = connection
        self._server = server

    def begin(self) -> None:
        """From now on time stands still; once more, if it stood already."""
        self._connection.execute("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ")

    def head(self) -> int:
        return int(self._all("SELECT coalesce(max(position), 0) FROM events")[0][0])

    def extent(self) -> tuple[int, int, int]:
        row = self._all("SELECT count(*), coalesce(min(position), 1), coalesce(max(position), 0) FROM events")[0]
        return row[0], row[1], row[2]

    def count(self, first: str, end: str) -> int:
        """Events of the streams from ``first`` up to and without ``end``."""
        return int(self._all("SELECT count(*) FROM events WHERE stream >= %s AND stream < %s", first, end)[0][0])

    def size(self) -> int:
        """Bytes on disk, indexes, answers and snapshots included."""
        tables = ("events", "replies", "snapshots")
        return sum(int(self._all("SELECT pg_total_relation_size(%s::regclass)", name)[0][0]) for name in tables)

    def positions(self) -> Iterator[int]:
        for page in self._pages("positions", "SELECT position FROM events ORDER BY position"):
            yield from (position for (position,) in page)

    def events(self) -> Iterator[list[tuple[Any, ...]]]:
        yield from self._pages("walk", f"SELECT {COLUMNS} FROM events ORDER BY stream, version")

    def rows(self, after: int, limit: int) -> list[tuple[Any, ...]]:
        query = f"SELECT {COLUMNS} FROM events WHERE position > %s ORDER BY position LIMIT %s"
        return self._all(query, after, limit)

    def replies(self) -> Iterator[tuple[Any, ...]]:
        for page in self._pages("replies", f"SELECT {REPLY} FROM replies"):
            yield from page

    def snapshots(self) -> Iterator[tuple[Any, ...]]:
        for page in self._pages("snapshots", f"SELECT {SNAPSHOT} FROM snapshots ORDER BY stream"):
            yield from page

    def stream(self, name: str, before: int) -> list[tuple[str, bytes]]:
        query = "SELECT topic, data FROM events WHERE stream = %s AND position < %s ORDER BY version"
        return [(topic, data) for topic, data in self._all(query, name, before)]

    def history(self, name: str, after: int, limit: int) -> list[tuple[Any, ...]]:
        query = f"SELECT {COLUMNS} FROM events WHERE stream = %s AND version > %s ORDER BY version LIMIT %s"
        return self._all(query, name, after, limit)

    def _all(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self._damage():
            return self._connection.execute(query.encode(), parameters, binary=True).fetchall()

    def _pages(self, name: str, query: str) -> Iterator[list[tuple[Any, ...]]]:
        with self._damage(), self._connection.cursor(name) as cursor:
            cursor.execute(query.encode(), binary=True)
            while rows := cursor.fetchmany(PAGE):
                yield rows

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise Damaged(f"the event log at {self._server} cannot be read: {self._server.mask(error)}") from None
