"""What readers ask of the tables in Cassandra."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from domain.recorded import Recorded
from domain.stored.codec import DAMAGED
from projections.cassandraviews.connection import Connection
from projections.cassandraviews.driver import Session
from projections.cassandraviews.months import month_of
from projections.cassandraviews.settings import CassandraSettings
from projections.cassandraviews.shape import Shape
from projections.cassandraviews.tables import StoredLists, StoredTable
from projections.folding import Kept, Parked
from projections.projector import Projection
from projections.views import LISTED_MAX, Entry, Place

KEYS_PER_QUERY = 50
QUERIES_AT_ONCE = 8
MONTHS_AT_ONCE = 8
ROWS_WALKED = 1_000
"""At once. Two keys of one token would be torn apart by the end of a page; tokens have 64 bits."""
FIRST_TOKEN = -(1 << 63)
"""Which no key has."""


class CassandraViews:
    """Raises ViewsUnavailable wherever Cassandra does not answer.

    Which generation of each projection is live is learned whenever progress is asked for. A reader turns to another
    only when that is at least as far as what it has seen: whoever was promised a position never reads older rows.
    """

    def __init__(
        self,
        settings: CassandraSettings,
        projections: Sequence[Projection],
        pinned: Mapping[str, int] | None = None,
    ) -> None:
        """``pinned`` are numbers of generations by projection, to look at those and not at the live ones."""
        self.projections = list(projections)
        self._keyspace = settings.keyspace
        self._pinned = pinned
        self._shape = Shape(settings.keyspace, projections, pinned)
        self._newer: Shape | None = None
        """Is live, and not yet as far as what was seen."""
        self._seen: Mapping[int, int] = {}
        self._asked: Session | None = None
        """In which session it was asked what is live."""
        self.connection = Connection(settings, self._shape.schema)

    async def start(self) -> None:
        """Connects in the background; ``connection.wait`` says when."""
        await self.connection.start()

    async def close(self) -> None:
        await self.connection.close()

    async def progress(self) -> dict[int, int]:
        await self._turn()
        self._seen = found = await self._shape.books.progress(self.connection)
        return found

    # generations

    async def _now(self) -> Shape:
        """The generations that are read."""
        if self._asked is None or self._asked is not self.connection.session:
            await self._turn()
        return self._shape

    async def _turn(self) -> None:
        """To what is live."""
        session = self.connection.session
        found = self._pinned or await self._shape.books.numbers(self.connection)
        await self._turn_to(found)
        self._asked = session

    async def _turn_to(self, found: Mapping[str, int]) -> None:
        shape, numbers = self._shape, {name: found.get(name, 0) for name in self._shape.numbers}
        if numbers == shape.numbers:
            return
        newer = self._newer
        if newer is None or newer.numbers != numbers:
            newer = Shape(self._keyspace, self.projections, numbers)
            await self.connection.extend(newer.schema)
            self._newer = newer
        made_anew = any(name not in found for name, number in shape.numbers.items() if number)
        if (made_anew or await self._may_turn_to(newer)) and self._shape is shape:
            self._shape, self._newer = newer, None
            self.connection.keep(newer.schema)

    async def _may_turn_to(self, newer: Shape) -> bool:
        found = await newer.books.progress(self.connection)
        return all(found.get(partition, 0) >= at for partition, at in self._seen.items())

    # rows

    async def get(self, table: str, key: str) -> Any | None:
        return (await self.get_many(table, (key,))).get(key)

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        return await self._get_many((await self._now()).stored[table], keys)

    async def _get_many(self, stored: StoredTable, keys: Collection[str]) -> dict[str, Any]:
        found = await self._find(stored, list(keys))
        return {key: stored.decode(row) for key, _, row in found if row is not None}

    async def kept_many(self, table: str, keys: Collection[str]) -> dict[str, Kept]:
        """Rows with their positions, those that are gone too; bytes for one that cannot be read. For checks."""
        stored = (await self._now()).stored[table]
        return {key: _kept(stored, position, row) for key, position, row in await self._find(stored, list(keys))}

    async def _find(self, stored: StoredTable, keys: Sequence[str]) -> list[tuple[str, int, bytes | None]]:
        """Key, position and encoded row of those that exist or did. An empty key never does; the server refuses it."""
        keys = [key for key in keys if key]
        chunks = [keys[start : start + KEYS_PER_QUERY] for start in range(0, len(keys), KEYS_PER_QUERY)]
        found: list[Any] = []
        for start in range(0, len(chunks), QUERIES_AT_ONCE):
            some = chunks[start : start + QUERIES_AT_ONCE]
            for rows in await asyncio.gather(*(self.connection.rows(stored.find, (list(chunk),)) for chunk in some)):
                found += rows
        return found

    async def timeline(self, order_id: str) -> list[Recorded]:
        """Every event that belongs to an order, in log order; none if the archive does not have it."""
        return await self._shape.timeline.read(self.connection, order_id)

    # as a whole

    async def walk(self, table: str) -> AsyncIterator[tuple[str, Kept]]:
        """Every row once, those that are gone too, in no order and as of the moment that each is met: for checks, not
        for readers."""
        stored, after = (await self._now()).stored[table], FIRST_TOKEN
        while page := await self.connection.rows(stored.walk, (after, ROWS_WALKED)):
            for _, key, position, row in page:
                yield key, _kept(stored, position, row)
            after = page[-1][0]

    async def parked(self) -> Sequence[tuple[str, Parked]]:
        """By projection, in the log's order."""
        shape = await self._now()
        return [
            (projection.name, event)
            for projection in self.projections
            for event in await shape.books.parked(self.connection, shape.marked[projection.name])
        ]

    # lists

    async def listed(
        self,
        table: str,
        index: str,
        owner: str,
        *,
        limit: int,
        after: Place | None = None,
        backwards: bool = False,
    ) -> list[Entry]:
        stored = (await self._now()).stored[table]
        lists = stored.lists
        found: list[Entry] = []
        while (wanted := limit - len(found)) > 0:
            places = await self._places(lists, index, owner, wanted, after, backwards)
            rows = await self._get_many(stored, [place.key for place in places])
            found += [
                Entry(place.key, rows[place.key])
                for place in places
                if place.key in rows and lists.holds(index, owner, place, rows[place.key])
            ]
            if len(places) < wanted:
                break
            after = places[-1]
        return found

    async def listed_all(self, table: str, index: str, owners: Collection[str]) -> dict[str, list[Entry]]:
        names = list(owners)
        found: dict[str, list[Entry]] = {}
        for start in range(0, len(names), QUERIES_AT_ONCE):
            some = names[start : start + QUERIES_AT_ONCE]
            lists = await asyncio.gather(*(self.listed(table, index, owner, limit=LISTED_MAX) for owner in some))
            found.update(zip(some, lists, strict=True))
        return found

    async def count(self, table: str, index: str, owner: str) -> int:
        lists = (await self._now()).stored[table].lists
        months = await self._months(lists, index, owner)
        return int((await self.connection.rows(*lists.count(index, owner, months)))[0][0]) if months else 0

    async def counts(self, table: str, index: str) -> dict[str, int]:
        """Walks through all of the table's lists: for thousands of rows, not for millions."""
        counted: dict[str, int] = {}
        for of, head, tail, entries in await self.connection.rows((await self._now()).stored[table].lists.counts):
            if of == index:
                counted[head + tail] = counted.get(head + tail, 0) + entries
        return counted

    async def _months(self, lists: StoredLists, index: str, owner: str) -> list[int]:
        if not lists.by_month(index):
            return [0]
        return [month for (month,) in await self.connection.rows(*lists.months(owner))]

    async def _places(
        self, lists: StoredLists, index: str, owner: str, limit: int, after: Place | None, backwards: bool
    ) -> list[Place]:
        """From month to month, more of them at once the longer it takes: an owner may have little in each."""
        months = sorted(await self._months(lists, index, owner), reverse=backwards)
        if after is not None and lists.by_month(index):
            at = month_of(after.order)
            months = [month for month in months if (month <= at if backwards else month >= at)]
        found: list[Place] = []
        width = 2  # the month has only begun, perhaps
        while months and len(found) < limit:
            some, months = months[:width], months[width:]
            width = min(2 * width, MONTHS_AT_ONCE)
            asked = [lists.page(index, owner, month, after, backwards, limit - len(found)) for month in some]
            for rows in await asyncio.gather(*(self.connection.rows(*query) for query in asked)):
                found += [Place(*row) for row in rows]
        return found[:limit]


def _kept(stored: StoredTable, position: int, row: bytes | None) -> Kept:
    try:
        return Kept(position, None if row is None else stored.decode(row))
    except DAMAGED:
        return Kept(position, row)
