"""Connections of a Postgres that its operator ends."""

from __future__ import annotations

import psycopg


async def end_connections(url: str, state: str = "%") -> int:
    """Ends this test's connections that are in a state (``idle in transaction`` has the log's lock); how many."""
    name = url.partition("application_name=")[2].partition("&")[0]
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = %s AND state LIKE %s AND pid <> pg_backend_pid()"
    )
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return len(await (await connection.execute(query, (name, state))).fetchall())
