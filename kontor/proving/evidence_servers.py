"""Postgres logs as their examiner sees them: one, or several in the order of all their events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import psycopg

from commands.errors import UnusableLog
from commands.logs.member import belonging_of
from commands.logs.order import Span
from commands.store.server import Server
from kontor.proving.evidence import Evidence
from kontor.proving.evidence_merged import MergedEvidence, at_one_moment
from kontor.proving.evidence_postgres import PostgresEvidence, postgres_evidence

HEAD = "SELECT coalesce(max(position), 0) FROM events"
SPANS = "SELECT first, log, start, events FROM order_spans ORDER BY first"


class Examined(NamedTuple):
    whole: Evidence
    each: Sequence[PostgresEvidence]


@contextmanager
def server_evidence(urls: Sequence[str]) -> Iterator[Examined]:
    """Of all logs that there are. Raises UnusableLog, also where others belong to them."""
    servers = [Server.at(url) for url in urls]
    require_all(servers)
    with ExitStack() as stack:
        each = [stack.enter_context(postgres_evidence(url)) for url in urls]
        if len(each) == 1:
            yield Examined(each[0], each)
            return
        watching = [stack.enter_context(server.connect()) for server in servers]
        heads = at_one_moment(each, [_Watched(connection) for connection in watching])
        spans = [Span._make(row) for row in watching[0].execute(SPANS).fetchall()]
        yield Examined(MergedEvidence(each, spans, heads), each)


class _Watched:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def head(self) -> int:
        row = self._connection.execute(HEAD).fetchone()
        return 0 if row is None else int(row[0])


def require_all(servers: Sequence[Server]) -> None:
    """Each belongs to the same shop, in this order; or there is one, which belongs to nobody. Raises UnusableLog."""
    found = [belonging_of(server) for server in servers]
    shop = next((one[0] for one in found if one is not None), None)
    if shop is None and len(servers) == 1:
        return
    known = [one[1] for one in found if one is not None and one[0] == shop]
    with servers[0].connect() as connection:
        row = connection.execute("SELECT to_regclass('order_logs')").fetchone()
        count = 0
        if row is not None and row[0] is not None:
            count = len(connection.execute("SELECT 1 FROM order_logs").fetchall())
    if known != list(range(count)) or len(servers) != count:
        raise UnusableLog(
            "these are not all the event logs of one shop; name the first in KONTOR_POSTGRES_URL and the others, in "
            "their order, in KONTOR_POSTGRES_MORE_URLS"
        )
