"""A generation of a projection in Cassandra beside the live one: tables of its own, then one row says that it is live.

What is known of generations stands in the table ``generations``, a row for each projection: the number of the live one,
of the ``next`` with its ``position``, its ``code`` and ``upto`` where its rows may already be, of the one that is kept,
and the ``last`` number that was given, which none is twice.

Lists are written before rows, as the sink does it, but only the places where rows are in the end. Killed in between,
lists may know places of which rows do not; so whoever goes on leaves every place that a row passes through on the
stretch that was being written.

For a process that does nothing else.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

from cassandra.concurrent import execute_concurrent, execute_concurrent_with_args

from domain.stored.codec import DAMAGED
from projections.beside import FAR_PAGE, BadGeneration, Passed, Rows, Standing, name_of
from projections.cassandraviews import driver
from projections.cassandraviews.driver import Query, Schema, Session, together
from projections.cassandraviews.settings import CassandraSettings
from projections.cassandraviews.shape import Shape
from projections.cassandraviews.spots import Change, Moves, Spot, spots_of
from projections.cassandraviews.tables import StoredTable
from projections.folding import Kept, Parked, first_of_each
from projections.projector import Projection, Table
from projections.writingahead import WritingAhead

WINDOW = 128
"""Requests under way at once."""
ATTEMPTS, PAUSE_S = 5, 1.0
"""For what a server had no time for, which may be written twice."""
KEYS = 50
Role = Literal["_next", "_kept", "_gone"]
NOTED = ("live", "kept", "next", "last", "position", "upto", "code")


class CassandraGeneration:
    """Methods raise what the driver does."""

    page = portion = FAR_PAGE
    listed = True

    def __init__(
        self, session: Session, settings: CassandraSettings, projection: Projection, role: Role, partitions: int
    ) -> None:
        self.projection = projection
        self._session = session
        self._settings = settings
        self._role = role
        self._partitions = partitions
        self._notes = f"{settings.keyspace}.generations"
        self._writing = WritingAhead()
        self._shape: Shape | None = None
        self._moves: dict[str, Moves] = {}
        """While rows may already be further than they were noted to be."""
        self._dirty_upto = 0

    # what is known of generations

    def noted(self) -> dict[str, Any]:
        query = f"SELECT {', '.join(NOTED)} FROM {self._notes} WHERE shard = 0 AND name = %s"
        row = self._session.asking.execute(query, (name_of(self.projection),)).one()
        return dict(zip(NOTED, row or itertools.repeat(None), strict=False))

    def _note(self, **values: Any) -> None:
        assignments = ", ".join(f"{name} = %s" for name in values)
        query = f"UPDATE {self._notes} SET {assignments} WHERE shard = 0 AND name = %s"
        self._session.asking.execute(query, (*values.values(), name_of(self.projection)))

    @property
    def shape(self) -> Shape:
        """Raises BadGeneration where there is no such generation."""
        if self._shape is None:
            number = self.noted()[self._role.removeprefix("_")]
            if number is None:
                raise BadGeneration(f"Cassandra has no generation of {self.projection.name} to go on with")
            self._shape = self._shaped(number)
        return self._shape

    def _shaped(self, number: int) -> Shape:
        shape = Shape(self._settings.keyspace, (self.projection,), {name_of(self.projection): number})
        driver.extend(self._session, self._settings, shape.schema)
        return shape

    def standing(self) -> Standing | None:
        noted = self.noted()
        if self._role == "_next":
            if noted["next"] is None or not noted["position"]:
                return None  # of which nobody knows what it has
            self._dirty_upto = noted["upto"]
            return Standing(noted["position"], noted["code"])
        if noted["kept"] is None:
            return None
        marks = self._marks(self.shape)
        self._dirty_upto = 1 << 62  # nobody noted how far somebody came who went back before
        return Standing(min(marks.values()) if len(marks) >= self._partitions else 0, "")

    def _marks(self, shape: Shape) -> dict[int, int]:
        name = shape.marked[self.projection.name]
        query = f"SELECT partition, upto FROM {self._settings.keyspace}.marks WHERE one = 0"
        return {partition: upto[name] for partition, upto in self._session.asking.execute(query) if name in upto}

    def is_followed(self) -> bool:
        """Whether anybody ever folded into the live one."""
        return bool(self._marks(self._shaped(self.noted()["live"] or 0)))

    def begin(self, code: str) -> None:
        self.tidy(unfinished=True)
        number = (self.noted()["last"] or 0) + 1
        self._note(last=number, next=number, position=0, upto=0, code=code)
        self._shape, self._dirty_upto = self._shaped(number), 0

    def tidy(self, *, unfinished: bool = False) -> None:
        """Drops every generation but the live one, the kept one and, unless told otherwise, the unfinished one. The
        first is only emptied, for whoever starts makes its tables before he has asked which one is live."""
        noted = self.noted()
        wanted = {noted["live"] or 0, noted["kept"], None if unfinished else noted["next"]}
        query = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s"
        names = [name for (name,) in self._session.asking.execute(query, (self._settings.keyspace,))]
        version = self.projection.version
        for table in self.projection.tables:
            own = re.compile(rf"{table.name}_v{version}(?:_g(\d+))?(?:_lists|_months)?")
            for name in names:
                found = own.fullmatch(name)
                if found is not None and int(found[1] or 0) not in wanted:
                    what = "DROP TABLE IF EXISTS" if found[1] else "TRUNCATE"
                    self._session.asking.execute(f"{what} {self._settings.keyspace}.{name}", timeout=60)

    # rows

    def find(self, table: str, keys: Collection[str]) -> dict[str, Kept]:
        stored, wanted = self.shape.stored[table], list(keys)
        chunks = [(wanted[start : start + KEYS],) for start in range(0, len(wanted), KEYS)]
        statement = self._session.prepared[stored.find]
        found: dict[str, Kept] = {}
        for _, rows in execute_concurrent_with_args(self._session.asking, statement, chunks, concurrency=8):
            for key, position, row in rows:
                try:
                    found[key] = Kept(position, None if row is None else stored.decode(row))
                except DAMAGED as error:
                    raise BadGeneration(f"{table} {key} cannot be read: {error}") from error
        return found

    def broken(self) -> dict[str, int]:
        query = f"SELECT position, stream, error FROM {self._settings.keyspace}.parked WHERE name = %s"
        rows = self._session.asking.execute(query, (self.shape.marked[self.projection.name],))
        return first_of_each(Parked(*row) for row in rows)

    def passing(self, table: str) -> Passed | None:
        if not self._dirty_upto:
            return None
        if table not in self._moves:
            self._moves[table] = Moves(self.shape.stored[table].table)
        return self._moves[table].passed

    def settle(self) -> None:
        self._writing.settle()

    def write(self, changed: Rows, before: Rows, parked: Sequence[Parked], position: int) -> int:
        moves = {table: one.changes for table, one in self._moves.items()}
        self._moves = {}
        if position >= self._dirty_upto:
            self._dirty_upto = 0
        self._writing.begin(lambda: self._write(changed, before, moves, parked, position))
        return sum(map(len, changed.values()))

    def _write(
        self,
        changed: Rows,
        before: Rows,
        moves: Mapping[str, Mapping[Spot, Change]],
        parked: Sequence[Parked],
        position: int,
    ) -> None:
        if self._role == "_next":
            self._note(upto=position)
        self._send(self.shape.books.park(self.shape.marked[self.projection.name], parked))
        for table, rows in changed.items():
            stored = self.shape.stored[table]
            spots = moves[table] if table in moves else _moved(stored.table, rows, before.get(table, {}))
            if spots:
                months = ((query,) for query in stored.lists.months_of(spots).values())
                self._send([*months, *stored.lists.move(spots)])
            self._send([(_put(stored, key, kept),) for key, kept in rows.items()])
        if self._role == "_next":
            self._note(position=position)

    def _send(self, queries: Iterable[Sequence[Query]]) -> None:
        """Returns when all are acknowledged."""
        requests = (self._session.request(group) for group in together(list(queries)))
        work = [(request.statement, request.values or ()) for request in requests]
        for attempt in range(ATTEMPTS):
            done = execute_concurrent(self._session.asking, work, WINDOW, raise_on_first_error=False)
            failed = [at for at, (good, _) in enumerate(done) if not good]
            if not failed:
                return
            error = done[failed[0]][1]
            if not isinstance(error, driver.TRANSIENT) or attempt == ATTEMPTS - 1:
                raise error
            work = [work[at] for at in failed]
            time.sleep(PAUSE_S)

    # taking over

    def exchange(self, position: int) -> bool:
        """Makes this the live one, as of ``position``, and keeps the other, unless that is further. Whether it did."""
        self.settle()
        noted, shape = self.noted(), self.shape
        live, number = noted["live"] or 0, shape.numbers[name_of(self.projection)]
        if any(at > position for at in self._marks(self._shaped(live)).values()):
            return False
        marks = {shape.marked[self.projection.name]: position}
        self._send([shape.books.note(partition, marks) for partition in range(self._partitions)])
        own: dict[str, Any] = {"next": None, "position": None, "upto": None} if noted["next"] == number else {}
        self._note(live=number, kept=live, **own)
        return True


def _put(stored: StoredTable, key: str, kept: Kept) -> Query:
    return stored.put(key, kept.position, None if kept.row is None else stored.encode(kept.row))


def _moved(table: Table, rows: Mapping[str, Kept], before: Mapping[str, Kept]) -> dict[Spot, Change]:
    """Where rows are in the end, and where they were stored to be and are no more."""
    changes: dict[Spot, Change] = {}
    if table.indexes:
        for key, kept in rows.items():
            was = before.get(key)
            left = frozenset() if was is None else spots_of(table, key, was.row)
            taken = spots_of(table, key, kept.row)
            changes.update((spot, Change(kept.position, False)) for spot in left - taken)
            changes.update((spot, Change(kept.position, True)) for spot in taken - left)
    return changes


def books_of(settings: CassandraSettings) -> Schema:
    """What has to be there before anything of a projection is."""
    return Shape(settings.keyspace, ()).schema
