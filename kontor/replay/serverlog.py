"""The log in Postgres as a replay reads it, and who may replay there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import psycopg

from commands.store.server import Server
from kontor.proving.evidence import COLUMNS, Damaged

FOR_LAST_S, FOR_PARTS_S, LOOK_S = 2.0, 15.0, 0.05
"""How long the last replay is waited for, and what it left at work; how often they are looked for. The server notices
the end of a connection a little after whoever closed it."""
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
        if not self._locked(f"kontor replay {name}", FOR_LAST_S) or not self._locked(_parts(name), FOR_PARTS_S):
            return False
        self._all(UNLOCK, _parts(name))
        return True

    def _locked(self, lock: str, within_s: float) -> bool:
        end = time.monotonic() + within_s
        while not self._all(LOCK, lock)[0][0]:
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_S)
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
