"""How far each partition is folded into each projection, the events that could not be, and which generation is live.

All marks lie in one partition of the server: a worker reads them before it writes and notes them after, so what matters
is that either is one small request, for however many partitions and projections.
"""

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
            "marks": f"CREATE TABLE IF NOT EXISTS {keyspace}.marks "
            "(one int, partition int, upto map<text, bigint>, PRIMARY KEY (one, partition))",
            "parked": f"CREATE TABLE IF NOT EXISTS {keyspace}.parked "
            "(name text, position bigint, stream text, error text, PRIMARY KEY (name, position))",
            "generations": f"CREATE TABLE IF NOT EXISTS {keyspace}.generations "
            "(shard int, name text, live int, kept int, next int, last int, position bigint, upto bigint, code text, "
            "PRIMARY KEY (shard, name))",
        }
        self.live = f"SELECT name, live FROM {keyspace}.generations WHERE shard = 0"
        self._marks = f"SELECT partition, upto FROM {keyspace}.marks WHERE one = 0"
        self._note = f"UPDATE {keyspace}.marks USING TIMESTAMP ? SET upto = upto + ? WHERE one = 0 AND partition = ?"
        self._parked = f"SELECT position, stream, error FROM {keyspace}.parked WHERE name = ?"
        self._park = (
            f"INSERT INTO {keyspace}.parked (name, position, stream, error) VALUES (?, ?, ?, ?) USING TIMESTAMP ?"
        )
        self._empty_marks, self._empty_parked = f"TRUNCATE {keyspace}.marks", f"TRUNCATE {keyspace}.parked"
        self.queries = [
            self.live, self._marks, self._note, self._parked, self._park, self._empty_marks, self._empty_parked,
        ]  # fmt: skip

    async def progress(self, connection: Connection) -> dict[int, int]:
        """Of every partition that all names have: where the one that is furthest behind stands."""
        found = await self.marks(connection)
        return {partition: min(marks.values()) for partition, marks in found.items() if len(marks) == len(self.names)}

    async def numbers(self, connection: Connection) -> dict[str, int]:
        """Of the generations that are live, of the projections that ever had another than the first."""
        return {name: live or 0 for name, live in await connection.rows(self.live)}

    async def marks(self, connection: Connection) -> dict[int, Marks]:
        """By partition, those of other names left out."""
        return {
            partition: {name: upto[name] for name in self.names if name in upto}
            for partition, upto in await connection.rows(self._marks)
        }

    def note(self, partition: int, marks: Marks) -> list[Query]:
        """With the position as the timestamp, so that a mark never goes back. All of ``marks`` are at one position."""
        return [(self._note, (max(marks.values()), marks, partition))]

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
        await connection.send([[(self._empty_parked, ())]], then=[[(self._empty_marks, ())]])
