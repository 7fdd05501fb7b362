"""CQL of a projection's tables: rows by key, their lists, and the months that each list has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from projections.cassandraviews.connection import Query
from projections.cassandraviews.spots import Change, Spot
from projections.folding import Kept
from projections.projector import Index, Projection, Table
from projections.views import Place

BATCH_MAX = 50
"""Writes to one partition at once."""


class StoredTable:
    """``key, position, row``. A row that is gone stays without its ``row``, so that what it has taken in is known."""

    def __init__(self, keyspace: str, table: Table, projection: Projection) -> None:
        self.table = table
        name = f"{table.name}_v{projection.version}"
        stored, months = f"{keyspace}.{name}", f"{keyspace}.{name}_months"
        self.lists = {of: StoredList(f"{stored}_by_{of}", months, of, index) for of, index in table.indexes.items()}
        self.tables = {
            name: f"CREATE TABLE IF NOT EXISTS {stored} (key text PRIMARY KEY, position bigint, row blob)",
            f"{name}_months": f"CREATE TABLE IF NOT EXISTS {months} (list text, owner text, month int, "
            "PRIMARY KEY ((list, owner), month))",
            **{f"{name}_by_{of}": listed.definition for of, listed in self.lists.items()},
        }
        self.find = f"SELECT key, position, row FROM {stored} WHERE key IN ?"
        self.put = f"INSERT INTO {stored} (key, position, row) VALUES (?, ?, ?) USING TIMESTAMP ?"
        self.queries = [self.find, self.put, *(query for listed in self.lists.values() for query in listed.queries)]
        self.decode = msgspec.msgpack.Decoder(table.row).decode
        self.encode = msgspec.msgpack.Encoder().encode

    def put_row(self, key: str, kept: Kept, row: bytes | None) -> Query:
        return self.put, (key, kept.position, row, kept.position)

    def move(self, changes: Mapping[Spot, Change]) -> Iterator[list[Query]]:
        """Writes to lists, those to one partition together."""
        partitions: dict[tuple[str, str, int], list[Query]] = {}
        for spot, change in changes.items():
            query = self.lists[spot.of].change(spot, change)
            partitions.setdefault((spot.of, spot.owner, spot.month), []).append(query)
        for queries in partitions.values():
            yield from in_batches(queries)


class StoredList:
    """``(owner, month), place, key``: by place and key, the newest first where places are times."""

    def __init__(self, name: str, months: str, of: str, index: Index) -> None:
        self.of = of
        self.index = index
        first = "ASC" if index.order is None else "DESC"
        self.definition = (
            f"CREATE TABLE IF NOT EXISTS {name} (owner text, month int, place bigint, key text, "
            f"PRIMARY KEY ((owner, month), place, key)) WITH CLUSTERING ORDER BY (place {first}, key {first})"
        )
        self.take = f"INSERT INTO {name} (owner, month, place, key) VALUES (?, ?, ?, ?) USING TIMESTAMP ?"
        self.leave = f"DELETE FROM {name} USING TIMESTAMP ? WHERE owner = ? AND month = ? AND place = ? AND key = ?"
        self.count = f"SELECT count(*) FROM {name} WHERE owner = ? AND month IN ?"
        self.counts = f"SELECT owner, month, count(*) FROM {name} GROUP BY owner, month"
        self.add_month = f"INSERT INTO {months} (list, owner, month) VALUES (?, ?, ?) USING TIMESTAMP ?"
        self.months = f"SELECT month FROM {months} WHERE list = ? AND owner = ?"
        self._pages = {
            (after, backwards): f"SELECT place, key FROM {name} WHERE owner = ? AND month = ?"
            + (f" AND (place, key) {'<' if backwards else '>'} (?, ?)" if after else "")
            + f" ORDER BY place {'DESC' if backwards else 'ASC'}, key {'DESC' if backwards else 'ASC'} LIMIT ?"
            for after in (False, True)
            for backwards in (False, True)
        }
        own = [self.take, self.leave, self.count, self.counts, self.add_month, self.months]
        self.queries = [*own, *self._pages.values()]

    @property
    def by_month(self) -> bool:
        return self.index.order is not None

    def change(self, spot: Spot, change: Change) -> Query:
        place = (spot.owner, spot.month, spot.order, spot.key)
        return (self.take, (*place, change.position)) if change.taken else (self.leave, (change.position, *place))

    def page(self, owner: str, month: int, after: Place | None, backwards: bool, limit: int) -> Query:
        return self._pages[after is not None, backwards], (owner, month, *(after or ()), limit)

    def holds(self, owner: str, place: Place, row: Any) -> bool:
        """Whether the row still stands there. Lists move on a moment before their rows do."""
        order = 0 if self.index.order is None else self.index.order(place.key, row)
        return order == place.order and self.index.owner(place.key, row) == owner


def in_batches(queries: list[Query]) -> Iterable[list[Query]]:
    return (queries[start : start + BATCH_MAX] for start in range(0, len(queries), BATCH_MAX))
