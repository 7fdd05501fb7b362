"""How far each partition is folded into each projection, the events that could not be, and which generation is live."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from projections.cassandraviews.connection import Connection
from projections.cassandraviews.driver import Query
from projections.folding import Parked

Marks = dict[str, int]
"""Positions by name: a projection with its version."""


class Bookkeeping:
    def __init__(self, keyspace: str, names: Collection[str]) -> None:
        self.names = list(names)
        self.tables = {
            "progress": f"CREATE TABLE IF NOT EXISTS {keyspace}.progress "
            "(name text, partition int, upto bigint, PRIMARY KEY (name, partition))",
            "parked": f"CREATE TABLE IF NOT EXISTS {keyspace}.parked "
            "(name text, position bigint, stream text, error text, PRIMARY KEY (name, position))",
            "generations": f"CREATE TABLE IF NOT EXISTS {keyspace}.generations "
            "(shard int, name text, live int, kept int, next int, last int, position bigint, upto bigint, code text, "
            "PRIMARY KEY (shard, name))",
        }
        self.live = f"SELECT name, live FROM {keyspace}.generations WHERE shard = 0"
        self._all = f"SELECT name, partition, upto FROM {keyspace}.progress WHERE name IN ?"
        self._of = f"SELECT name, upto FROM {keyspace}.progress WHERE name IN ? AND partition = ?"
        self._note = f"INSERT INTO {keyspace}.progress (name, partition, upto) VALUES (?, ?, ?) USING TIMESTAMP ?"
        self._parked = f"SELECT position, stream, error FROM {keyspace}.parked WHERE name = ?"
        self._park = (
            f"INSERT INTO {keyspace}.parked (name, position, stream, error) VALUES (?, ?, ?, ?) USING TIMESTAMP ?"
        )
        self._empty_progress, self._empty_parked = f"TRUNCATE {keyspace}.progress", f"TRUNCATE {keyspace}.parked"
        self.queries = [
            self.live, self._all, self._of, self._note, self._parked, self._park, self._empty_progress,
            self._empty_parked,
        ]  # fmt: skip

    async def progress(self, connection: Connection) -> dict[int, int]:
        """Of every partition that all names have: where the one that is furthest behind stands."""
        marks: dict[int, list[int]] = {}
        for _, partition, upto in await connection.rows(self._all, (self.names,)):
            marks.setdefault(partition, []).append(upto)
        return {partition: min(told) for partition, told in sorted(marks.items()) if len(told) == len(self.names)}

    async def numbers(self, connection: Connection) -> dict[str, int]:
        """Of the generations that are live, of the projections that ever had another than the first."""
        return {name: live or 0 for name, live in await connection.rows(self.live)}

    async def of(self, connection: Connection, partition: int) -> Marks:
        return dict(await connection.rows(self._of, (self.names, partition)))

    def note(self, partition: int, marks: Marks) -> list[list[Query]]:
        """With the position as the timestamp, so that a mark never goes back."""
        return [[(self._note, (name, partition, upto, upto))] for name, upto in marks.items()]

    async def parked(self, connection: Connection, name: str) -> list[Parked]:
        return [Parked(*row) for row in await connection.rows(self._parked, (name,))]

    def park(self, name: str, events: Sequence[Parked]) -> list[list[Query]]:
        """An event is parked once, by the first table that could not take it."""
        first: dict[int, Parked] = {}
        for event in events:
            first.setdefault(event.position, event)
        return [[(self._park, (name, *event, event.position))] for event in first.values()]

    async def empty(self, connection: Connection) -> None:
        """Of all names: a mark deleted by itself would overrule all later ones, whose timestamps are only positions.

        Parked events go first: while their marks stand, nobody folds them again and parks them once more.
        """
        await connection.send([[(self._empty_parked, ())]], then=[[(self._empty_progress, ())]])
