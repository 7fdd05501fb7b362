"""The eventsourcing library's side of the Postgres log: its recorder's methods, mapped onto our table.

The library is synchronous, so it has a pool of its own, which is opened when the library first asks for something.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import IntegrityError, Notification, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Cursor
from psycopg.rows import dict_row, tuple_row

from commands.mapper import pack_state, unpack_state
from commands.store.port import Row
from commands.store.server import Server

COLUMNS = "position, stream, version, topic, meta, data, hash"
SELECT = f"SELECT {COLUMNS} FROM events "
COPY = f"COPY events ({COLUMNS}) FROM STDIN (FORMAT BINARY)"
TYPES = ("int8", "text", "int8", "text", "bytea", "bytea", "bytea")
HEAD = "SELECT coalesce(max(position), 0) FROM events"


class LibraryDatastore(PostgresDatastore):
    """Connects as the URL says, in all its parts, and to nothing until it has to."""

    def __init__(self, server: Server, schema: str) -> None:
        super().__init__("", "", "", "", "", schema=schema, originator_id_type="text")
        self.pool.kwargs = {**server.parameters, "row_factory": dict_row}

    def register_type_adapters(self) -> None:
        """There are none: rows are written without the library's composite type."""


def server_of(datastore: PostgresDatastore) -> Server:
    """Where a datastore of the library's connects to; from now on both look into its schema first."""
    given = datastore.pool.kwargs
    assert isinstance(given, dict)
    known = {name: str(value) for name, value in given.items() if name != "row_factory" and value not in ("", None)}
    server = Server("event log", known).with_settings(search_path=f'"{datastore.schema}"')
    datastore.pool.kwargs = given | {"options": server.parameters["options"]}
    return server


class LibraryRecorder(PostgresApplicationRecorder):
    lock: int
    """The key of the log's advisory lock."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """Takes the log's lock too, before looking where the log ends. Not repeated upon a lost connection, for then
        nobody knows whether it was done."""
        with self._transaction() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (self.lock,))
            head = _only(cursor.execute(HEAD).fetchone())
            rows = [
                Row(
                    position,
                    str(event.originator_id),
                    event.originator_version,
                    event.topic,
                    *unpack_state(event.state),
                )
                for position, event in enumerate(stored_events, head + 1)
            ]
            with cursor.copy(COPY) as copy:
                copy.set_types(TYPES)
                for row in rows:
                    copy.write_row(row)
            cursor.execute("SELECT refuse_loose(%s)", (head,))
        return [row.position for row in rows]

    def select_events(
        self,
        originator_id: Any,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        query = SELECT + (
            "WHERE stream = %s AND version > %s AND version <= coalesce(%s, 9223372036854775807) "
            f"ORDER BY version {'DESC' if desc else 'ASC'} LIMIT %s"
        )
        rows = self._rows(query, (str(originator_id), gt or 0, lte, limit))
        return [StoredEvent(row.stream, row.version, row.topic, pack_state(row)) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = (start or 1) - 1 if inclusive_of_start else (start or 0)
        query = SELECT + (
            "WHERE position > %s AND position <= coalesce(%s, 9223372036854775807) "
            "AND (%s::text[] IS NULL OR topic = ANY(%s)) ORDER BY position LIMIT %s"
        )
        wanted = list(topics) or None
        rows = self._rows(query, (after, stop, wanted, wanted, limit))
        return [Notification(row.stream, row.version, row.topic, pack_state(row), row.position) for row in rows]

    def max_notification_id(self) -> int:
        with self._transaction() as cursor:
            return _only(cursor.execute(HEAD).fetchone())

    def _rows(self, query: str, parameters: Sequence[Any]) -> list[Row]:
        with self._transaction() as cursor:
            cursor.execute(query.encode(), parameters, binary=True)
            return [Row._make(row) for row in cursor.fetchall()]

    def _transaction(self) -> Any:
        return _TupleTransaction(self.datastore)


class _TupleTransaction:
    """A transaction of the library's pool, whose errors it translates, with rows as tuples."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        self._transaction = datastore.transaction(commit=True)

    def __enter__(self) -> Cursor[Any]:
        return self._transaction.__enter__().connection.cursor(row_factory=tuple_row)

    def __exit__(self, *error: Any) -> Any:
        return self._transaction.__exit__(*error)


def _only(row: tuple[Any, ...] | None) -> int:
    if row is None:
        raise IntegrityError("the event log has no head")
    return int(row[0])
