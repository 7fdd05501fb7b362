"""Brings a Postgres schema to the version that this Kontor knows: each numbered file once, under a lock.

The files lie in ``migrations/<part>/``. What ran is recorded beside the tables, so that a newer schema is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from importlib.resources import files
from typing import Any, NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier

from commands.errors import UnusableLog
from commands.store.server import Server

NAME = re.compile(r"(\d{4})_(\w+)\.sql")
RECORD = """
CREATE TABLE IF NOT EXISTS kontor_migrations (
    part text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    ran_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (part, number)
)
"""


class Migration(NamedTuple):
    number: int
    name: str
    statements: str


def migrations(part: str) -> list[Migration]:
    """Those that this Kontor brings along, in order."""
    found = []
    for file in files("commands.store.migrations").joinpath(part).iterdir():
        name = NAME.fullmatch(file.name)
        if name is not None:
            found.append(Migration(int(name[1]), name[2], file.read_text(encoding="utf-8")))
    return sorted(found)


def migrate(server: Server, part: str) -> str:
    """Prepares the first schema of the connection's search path for ``part``; its name.

    Raises UnusableLog if it is of a newer Kontor, belongs to somebody else, or cannot be reached.
    """
    with server.connect() as connection:
        try:
            schema = _schema(connection)
            known = migrations(part)
            if _ran(connection, server, part, known) < len(known):
                _run_the_rest(connection, server, part, known, schema)
        except psycopg.errors.DuplicateTable as error:
            raise UnusableLog(
                f"{server} already holds tables of another program ({server.mask(error)}); name another database, or "
                "another schema with ?options=-csearch_path%3DNAME at the end of the URL"
            ) from None
        except psycopg.Error as error:
            raise UnusableLog(f"the {server.what} at {server} cannot be prepared: {server.mask(error)}") from None
    return schema


def _run_the_rest(
    connection: psycopg.Connection[Any], server: Server, part: str, known: list[Migration], schema: str
) -> None:
    """All of them or none. Counted again under the lock: another process may have run them meanwhile."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key(part, "migrations", schema),))
        connection.execute(RECORD)
        for migration in known[_ran(connection, server, part, known) :]:
            connection.execute(migration.statements.encode())
            connection.execute(
                "INSERT INTO kontor_migrations (part, number, name) VALUES (%s, %s, %s)",
                (part, migration.number, migration.name),
            )


def _schema(connection: psycopg.Connection[Any]) -> str:
    """The schema that new tables go to; made if it is not there yet."""
    current, path = _row(connection, "SELECT current_schema(), current_setting('search_path')")
    if current is not None:
        return str(current)
    name = path.split(",")[0].strip().strip('"')
    # Of several processes that start at once one makes it; the others may still fail over its name in the catalog.
    with contextlib.suppress(psycopg.errors.UniqueViolation):
        connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(name)))
    return str(_row(connection, "SELECT current_schema()")[0] or name)


def _ran(connection: psycopg.Connection[Any], server: Server, part: str, known: list[Migration]) -> int:
    """How many of them have run already. Raises UnusableLog when others have."""
    if _row(connection, "SELECT to_regclass('kontor_migrations')")[0] is None:
        return 0
    ran = connection.execute(
        "SELECT number, name FROM kontor_migrations WHERE part = %s ORDER BY number", (part,)
    ).fetchall()
    newest, ours = (ran[-1][0] if ran else 0), known[-1].number
    if newest > ours:
        raise UnusableLog(
            f"the {server.what} at {server} was written by a newer Kontor (schema {newest}, this one knows {ours}); "
            "upgrade Kontor"
        )
    if ran != [(one.number, one.name) for one in known[: len(ran)]]:
        raise UnusableLog(f"the {server.what} at {server} was prepared by something else than this Kontor")
    return len(ran)


def _row(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return tuple(row)


def lock_key(*words: str) -> int:
    """An advisory lock's key; such locks are a database's own, so the schema has to be among the words."""
    digest = hashlib.sha256("\0".join(("kontor", *words)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
