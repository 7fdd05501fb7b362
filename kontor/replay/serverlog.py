"""The log in Postgres as a replay reads it, and who may replay there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import psycopg

from commands.store.server import Server
from kontor.proving.evidence import COLUMNS, Damaged

FOR_PARTS_S, LOOK_S = 15.0, 0.05
"""How long those that were left are waited for, and how often they are looked for."""
LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"
SHARE = "SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))"


class ServerLog:
    """The log in Postgres as it goes on. Methods raise Damaged."""

    def __init__(self, connection: psycopg.Connection[Any], server: Server) -> None:
        self._connection = connection
        self._server = server

    def head(self) -> int:
        return int(self._all("SELECT coalesce(max(position), 0) FROM events")[0][0])

    def read(self, after: int, upto: int, others: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        query = f"SELECT {COLUMNS} FROM events WHERE position > %s AND position <= %s AND topic <> ALL(%s) "
        return self._all(query + "ORDER BY position", after, upto, list(others))

    def alone(self, name: str) -> bool:
        """Whether nobody else replays there, until the connection is closed. A replay that was killed may have left
        processes (``part.py``), which end by themselves; waits for that."""
        return bool(self._all(LOCK, f"kontor replay {name}")[0][0]) and self._without_parts(_parts(name))

    def _without_parts(self, lock: str) -> bool:
        end = time.monotonic() + FOR_PARTS_S
        while not self._all(LOCK, lock)[0][0]:
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_S)
        self._all(UNLOCK, lock)
        return True

    def take_part(self, name: str) -> None:
        """Nobody else begins to replay there until the connection is closed."""
        self._all(SHARE, _parts(name))

    def _all(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query.encode(), parameters, binary=True).fetchall()
        except psycopg.Error as error:
            raise Damaged(f"the event log at {self._server} cannot be read: {self._server.mask(error)}") from None


def _parts(name: str) -> str:
    return f"kontor replay {name} parts"
