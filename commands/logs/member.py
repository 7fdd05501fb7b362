"""A Postgres log that is one of several: it tells under its lock by which version of their directory it is written.

Slices move in two steps, for no transaction spans two servers. First every log is *sealed* for the next version of the
directory, one after the other: whoever gets its lock from then on sees that a move is under way. Then the order
decides, in one commit: it has that version, with the slices moved, or it does not (``order_server.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.pq.abc import PGresult

from commands.errors import StorageUnavailable, UnusableLog
from commands.store.migrating import migrate
from commands.store.patience import answered
from commands.store.postgres import PostgresLog, PostgresTransaction
from commands.store.server import Server
from commands.store.wire import Wire

HEAD_AND_EPOCH = "SELECT coalesce(max(position), 0), (SELECT epoch FROM belonging) FROM events"
ALONE = "SELECT to_regclass('belonging')"
BELONGING = "SELECT shop, log FROM belonging"
JOIN = "INSERT INTO belonging VALUES (%s, %s, %s)"
SEAL = "UPDATE belonging SET epoch = %s"


class MemberLog(PostgresLog):
    look_for_head = HEAD_AND_EPOCH

    def _begun(self, wire: Wire, answers: Sequence[PGresult]) -> MemberTransaction:
        return MemberTransaction(self, wire, answers)

    async def seal(self, version: int) -> int:
        """For a version of the directory that is about to be; where the log ends under the one before. Raises
        StorageUnavailable, also when it is sealed for that version or a later one already."""
        transaction = await self.begin()
        assert isinstance(transaction, MemberTransaction)
        try:
            if transaction.epoch >= version:
                raise StorageUnavailable("slices are being moved by another process already; move them when it is done")
            with self.server.told("written"):
                connection = transaction.wire.connection
                with answered(connection):
                    await connection.execute(SEAL, (version,))
                await transaction.commit()
        except BaseException:
            await transaction.rollback()
            raise
        return transaction.head


class MemberTransaction(PostgresTransaction):
    def __init__(self, log: MemberLog, wire: Wire, answers: Sequence[PGresult]) -> None:
        super().__init__(log, wire, int(answers[-1].get_value(0, 0) or 0))
        self.epoch = int(answers[-1].get_value(0, 1) or 0)
        """The version of the directory, decided or about to be."""


def belonging_of(server: Server) -> tuple[str, int] | None:
    """Which log of which shop's it is; None if it has always been alone. Raises UnusableLog."""
    with server.connect() as connection:
        row = connection.execute(ALONE).fetchone()
        if row is None or row[0] is None:
            return None
        found: tuple[Any, ...] | None = connection.execute(BELONGING).fetchone()
        return None if found is None else (str(found[0]), int(found[1]))


def require_alone(server: Server) -> None:
    """For whoever would write it without the others. Raises UnusableLog."""
    belonging = belonging_of(server)
    if belonging is not None:
        raise UnusableLog(
            f"the event log at {server} is number {belonging[1]} of several, counted from 0; name the first one in "
            "KONTOR_POSTGRES_URL and the others, in their order, in KONTOR_POSTGRES_MORE_URLS"
        )


def join(server: Server, shop: str, number: int, epoch: int) -> None:
    """Makes a log one of several, or finds that it is. Raises UnusableLog if it is another one."""
    belonging = belonging_of(server)
    if belonging is None:
        with server.connect() as connection:
            if number and connection.execute("SELECT 1 FROM events LIMIT 1").fetchone() is not None:
                raise UnusableLog(
                    f"the event log at {server} has events of its own, so it cannot become log {number} of another "
                    "shop; name an empty database, or a schema with ?options=-csearch_path%3DNAME"
                )
        migrate(server, "member")
        with server.connect() as connection:
            connection.execute(JOIN + " ON CONFLICT DO NOTHING", (shop, number, epoch))
        belonging = belonging_of(server)
    if belonging != (shop, number):
        raise _another(server, number)


def require_first(server: Server) -> None:
    """Before anything is made there. Raises UnusableLog if it is known to be another one of several."""
    belonging = belonging_of(server)
    if belonging is not None and belonging[1] != 0:
        raise _another(server, 0)


def _another(server: Server, number: int) -> UnusableLog:
    return UnusableLog(
        f"the event log at {server} is not log {number} of this shop; name the first in KONTOR_POSTGRES_URL and the "
        "others, in the order in which they were added, in KONTOR_POSTGRES_MORE_URLS"
    )
