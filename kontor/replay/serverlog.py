"""The log in Postgres as a replay reads it, one or several, and who may replay there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg

from commands.logs.order import Span, cut_to_fit
from commands.logs.order_server import SPANS
from commands.store.server import Server
from kontor.proving.evidence import COLUMNS, Damaged
from kontor.proving.evidence_servers import require_all
from kontor.replay.logs import Followed, SeveralLogs

FOR_LAST_S, FOR_PARTS_S, LOOK_S = 2.0, 15.0, 0.05
"""How long the last replay is waited for, and what it left at work; how often they are looked for. The server notices
the end of a connection a little after whoever closed it."""
LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"
SHARE = "SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))"


LAST = "SELECT coalesce((SELECT first + events - 1 FROM order_spans ORDER BY first DESC LIMIT 1), 0)"
HEAD_OF = """
SELECT coalesce((SELECT start + events - 1 FROM order_spans WHERE log = %s ORDER BY start DESC LIMIT 1), 0)
"""


class Connected:
    """A connection to one server. Methods raise Damaged."""

    def __init__(self, connection: psycopg.Connection[Any], server: Server) -> None:
        self._connection = connection
        self._server = server

    def all(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query.encode(), parameters, binary=True).fetchall()
        except psycopg.Error as error:
            raise Damaged(f"the event log at {self._server} cannot be read: {self._server.mask(error)}") from None


class ServerLog:
    """One log in Postgres as it goes on."""

    def __init__(self, server: Connected) -> None:
        self._server = server

    def head(self) -> int:
        return int(self._server.all("SELECT coalesce(max(position), 0) FROM events")[0][0])

    def read(self, after: int, upto: int, others: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        query = f"SELECT {COLUMNS} FROM events WHERE position > %s AND position <= %s AND topic <> ALL(%s) "
        return self._server.all(query + "ORDER BY position", after, upto, list(others))


class ServerPlaces:
    """The order of several logs, beside the first of them."""

    def __init__(self, first: Connected) -> None:
        self._first = first

    def last(self) -> int:
        return int(self._first.all(LAST)[0][0])

    def head_of(self, log: int) -> int:
        return int(self._first.all(HEAD_OF, log)[0][0])

    def between(self, after: int, upto: int) -> list[Span]:
        return cut_to_fit([Span._make(row) for row in self._first.all(SPANS, after + 1, upto)], after, upto)


class Replayers:
    """Who replays into the stores that follow a log: locks of its first server. Methods raise Damaged."""

    def __init__(self, first: Connected) -> None:
        self._first = first

    def alone(self, name: str) -> bool:
        """Whether nobody else replays there, until the connection is closed. A replay that was killed may have left
        processes (``part.py``), which end by themselves; waits for that."""
        if not self._locked(f"kontor replay {name}", FOR_LAST_S) or not self._locked(_parts(name), FOR_PARTS_S):
            return False
        self._first.all(UNLOCK, _parts(name))
        return True

    def _locked(self, lock: str, within_s: float) -> bool:
        end = time.monotonic() + within_s
        while not self._first.all(LOCK, lock)[0][0]:
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_S)
        return True

    def take_part(self, name: str) -> None:
        """Nobody else begins to replay there until the connection is closed."""
        self._first.all(SHARE, _parts(name))


@contextmanager
def opened_servers(urls: Sequence[str]) -> Iterator[tuple[Followed, Replayers]]:
    """The log that these are, all of one shop's. Raises UnusableLog."""
    servers = [Server.at(url) for url in urls]
    require_all(servers)
    with ExitStack() as stack:
        connected = [Connected(stack.enter_context(server.connect()), server) for server in servers]
        logs, replayers = [ServerLog(one) for one in connected], Replayers(connected[0])
        if len(logs) == 1:
            yield logs[0], replayers
            return
        several = SeveralLogs(logs, ServerPlaces(connected[0]))
        several.check()
        yield several, replayers


def _parts(name: str) -> str:
    return f"kontor replay {name} parts"
