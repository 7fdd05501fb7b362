"""The tables of some projections and what is asked of them, while certain generations are live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projections.beside import generation_of, name_of
from projections.cassandraviews.driver import Schema
from projections.cassandraviews.marks import Bookkeeping
from projections.cassandraviews.tables import StoredTable
from projections.cassandraviews.timeline import NAME as TIMELINE
from projections.cassandraviews.timeline import Timeline
from projections.projector import Projection


class Shape:
    def __init__(
        self, keyspace: str, projections: Sequence[Projection], numbers: Mapping[str, int] | None = None
    ) -> None:
        """``numbers`` of generations by projection, 0 for those that are not there."""
        self.numbers = {name: (numbers or {}).get(name, 0) for name in map(name_of, projections)}
        self.marked = {one.name: generation_of(name_of(one), self.numbers[name_of(one)]) for one in projections}
        """The name of its marks and parked events, by projection."""
        self.stored = {
            table.name: StoredTable(keyspace, table, projection, self.numbers[name_of(projection)])
            for projection in projections
            for table in projection.tables
        }
        self.timeline = Timeline(keyspace)
        self.books = Bookkeeping(keyspace, [*self.marked.values(), TIMELINE])
        parts: tuple[Any, ...] = (self.books, self.timeline, *self.stored.values())
        tables = {name: definition for part in parts for name, definition in part.tables.items()}
        self.schema = Schema(tables, [query for part in parts for query in part.queries])
