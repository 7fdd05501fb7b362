"""CQL of a projection's tables: rows by key, their lists, and the months that an owner has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from projections.cassandraviews.driver import Query
from projections.cassandraviews.spots import Change, Spot
from projections.projector import Index, Projection, Table
from projections.views import Place

BATCH_MAX = 50
"""Writes to one partition at once."""


class StoredTable:
    """``key, position, row``. A row that is gone stays without its ``row``, so that what it has taken in is known."""

    def __init__(self, keyspace: str, table: Table, projection: Projection, generation: int = 0) -> None:
        self.table = table
        name = f"{table.name}_v{projection.version}" + (f"_g{generation}" if generation else "")
        self.lists = StoredLists(keyspace, name, table.indexes)
        self.tables = {
            name: f"CREATE TABLE IF NOT EXISTS {keyspace}.{name} (key text PRIMARY KEY, position bigint, row blob)",
            **self.lists.tables,
        }
        self.find = f"SELECT key, position, row FROM {keyspace}.{name} WHERE key IN ?"
        self.walk = f"SELECT token(key), key, position, row FROM {keyspace}.{name} WHERE token(key) > ? LIMIT ?"
        self._put = f"INSERT INTO {keyspace}.{name} (key, position, row) VALUES (?, ?, ?) USING TIMESTAMP ?"
        self.queries = [self.find, self.walk, self._put, *self.lists.queries]
        self.decode = msgspec.msgpack.Decoder(table.row).decode
        self.encode = msgspec.msgpack.Encoder().encode

    def put(self, key: str, position: int, row: bytes | None) -> Query:
        return self._put, (key, position, row, position)


class StoredLists:
    """All lists of a table: ``(head, month), list, tail, place, key``, the newest place first.

    The head of an owner is its first word, the tail what follows U+001F. Orders of an account and its orders of one
    status so share a partition for each month, and an order that moves on costs one write.
    """

    def __init__(self, keyspace: str, name: str, indexes: Mapping[str, Index]) -> None:
        self.indexes = indexes
        self._name = name
        # Of later generations each has a table of its own, which goes when the generation goes.
        noted = f"{name}_months" if re.search(r"_g\d+$", name) else "months"
        lists, months = f"{keyspace}.{name}_lists", f"{keyspace}.{noted}"
        self.tables = {
            f"{name}_lists": f"CREATE TABLE IF NOT EXISTS {lists} "
            "(head text, month int, list text, tail text, place bigint, key text, "
            "PRIMARY KEY ((head, month), list, tail, place, key)) "
            "WITH CLUSTERING ORDER BY (list ASC, tail ASC, place DESC, key DESC)",
            noted: f"CREATE TABLE IF NOT EXISTS {months} "
            "(name text, head text, month int, PRIMARY KEY ((name, head), month))",
        }
        one = "head = ? AND month = ? AND list = ? AND tail = ?"
        self._take = (
            f"INSERT INTO {lists} (head, month, list, tail, place, key) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?"
        )
        self._leave = f"DELETE FROM {lists} USING TIMESTAMP ? WHERE {one} AND place = ? AND key = ?"
        self._count = f"SELECT count(*) FROM {lists} WHERE head = ? AND month IN ? AND list = ? AND tail = ?"
        self.counts = f"SELECT list, head, tail, count(*) FROM {lists} GROUP BY head, month, list, tail"
        self._add_month = f"INSERT INTO {months} (name, head, month) VALUES (?, ?, ?) USING TIMESTAMP ?"
        self._months = f"SELECT month FROM {months} WHERE name = ? AND head = ?"
        self._pages = {
            (after, backwards): f"SELECT place, key FROM {lists} WHERE {one}"
            + (f" AND (place, key) {'<' if backwards else '>'} (?, ?)" if after else "")
            + f" ORDER BY {NEWEST_FIRST if backwards else OLDEST_FIRST} LIMIT ?"
            for after in (False, True)
            for backwards in (False, True)
        }
        own = [self._take, self._leave, self._count, self.counts, self._add_month, self._months]
        self.queries = [*own, *self._pages.values()]

    # writing

    def move(self, changes: Mapping[Spot, Change]) -> list[Sequence[Query]]:
        """Those to one partition together."""
        partitions: dict[tuple[str, int], list[Query]] = {}
        for spot, change in changes.items():
            head, tail = split(spot.owner)
            place = (head, spot.month, spot.of, tail, spot.order, spot.key)
            position = change.position
            query = (self._take, (*place, position)) if change.taken else (self._leave, (position, *place))
            partitions.setdefault((head, spot.month), []).append(query)
        return [batch for queries in partitions.values() for batch in in_batches(queries)]

    def months_of(self, changes: Mapping[Spot, Change]) -> dict[tuple[str, str, int], Query]:
        """Where lists by month have got entries, by table, head and month, and how to note it."""
        return {
            (self._name, head, spot.month): (self._add_month, (self._name, head, spot.month, change.position))
            for spot, change in changes.items()
            if change.taken and self.by_month(spot.of)
            for head in [split(spot.owner)[0]]
        }

    # reading

    def by_month(self, of: str) -> bool:
        return self.indexes[of].order is not None

    def months(self, owner: str) -> Query:
        return self._months, (self._name, split(owner)[0])

    def count(self, of: str, owner: str, months: Sequence[int]) -> Query:
        head, tail = split(owner)
        return self._count, (head, list(months), of, tail)

    def page(self, of: str, owner: str, month: int, after: Place | None, backwards: bool, limit: int) -> Query:
        head, tail = split(owner)
        return self._pages[after is not None, backwards], (head, month, of, tail, *(after or ()), limit)

    def holds(self, of: str, owner: str, place: Place, row: Any) -> bool:
        """Whether the row still stands there. Lists move on a moment before their rows do."""
        index = self.indexes[of]
        order = 0 if index.order is None else index.order(place.key, row)
        return order == place.order and index.owner(place.key, row) == owner


NEWEST_FIRST = "list ASC, tail ASC, place DESC, key DESC"
OLDEST_FIRST = "list DESC, tail DESC, place ASC, key ASC"
SEPARATOR = "\x1f"


def split(owner: str) -> tuple[str, str]:
    """The tail keeps its separator, so that no two owners are the same."""
    head, separator, tail = owner.partition(SEPARATOR)
    return head, separator + tail


def in_batches(queries: Sequence[Query]) -> Iterator[Sequence[Query]]:
    return (queries[start : start + BATCH_MAX] for start in range(0, len(queries), BATCH_MAX))
