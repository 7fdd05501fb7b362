"""Whether stored views are what the log adds up to: every row, every list, every count, every parked event.

The log is walked stream by stream, as `kontor verify` walks it, and folded by the very projectors that workers use.
That works for views of which every row comes from one stream (DECISIONS 15). Memory holds the rows of one stream, and
about 300 bytes for each row of the store: its position and a digest.

A shop may go on selling meanwhile. Progress is looked at first and the log then, so the store must hold at least what
the log says up to that progress. A row that is further on by now is newer, and no difference; lists that differ count
only if the store stood still all the while.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple, Protocol

import msgspec

from commands.mapper import recorded_or_unreadable
from commands.store.port import Row
from domain.recorded import Recorded
from kontor.proving.evidence import Evidence
from projections.folding import Kept, Parked, fold_events, keys_of
from projections.projector import Index, Projection, Table
from projections.views import LISTED_MAX, Place, Views
from streams.broker.messages import partition_of

DIFFERENCES_MAX = 20
"""Told of each table and list; the others are counted."""
EVENTS = 2_000
"""Of one stream, folded at once."""
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Walked(Views, Protocol):
    """Views that can be looked at as a whole."""

    def walk(self, table: str) -> AsyncIterator[tuple[str, Kept]]:
        """Every row, and those that are gone where the store remembers them."""

    async def parked(self) -> Sequence[tuple[str, Parked]]: ...

    async def progress(self) -> Mapping[int, int]:
        """The position up to which each partition is folded."""


class Store(NamedTuple):
    name: str
    views: Walked
    projections: Sequence[Projection]
    partitions: int
    archive: Callable[[str], Awaitable[Sequence[Recorded]]] | None = None
    """The events that belong to an order, in a store that keeps them."""


class Sum(msgspec.Struct):
    """How many, and one digest of all of them, whatever their order."""

    count: int = 0
    digest: int = 0

    def add(self, digest: int, count: int = 1) -> None:
        self.count += count
        self.digest = (self.digest + digest) % (1 << 64)


class Compared(msgspec.Struct):
    """One table, one index, what is parked, or how far all of it is."""

    store: str
    what: str
    expected: Sum = msgspec.field(default_factory=Sum)
    found: Sum = msgspec.field(default_factory=Sum)
    newer: int = 0
    """Moved on meanwhile, and not compared."""
    different: int = 0
    differences: list[str] = []
    """The first DIFFERENCES_MAX."""

    def differs(self, what: str) -> None:
        self.different += 1
        if len(self.differences) < DIFFERENCES_MAX:
            self.differences.append(what)


async def compare(look: Callable[[], Evidence], stores: Sequence[Store]) -> list[Compared]:
    """``look`` opens the log, as it then is. Raises Damaged, ViewsUnavailable."""
    checks = [Check(store, await store.views.progress()) for store in stores]
    log = look()
    for check in checks:
        await check.walk()
    for stream, pages in _streams(log):
        for check in checks:
            check.enter(stream)
        for events in pages:
            for check in checks:
                check.take(events)
        for check in checks:
            check.leave()
    _, _, head = log.extent()
    return [compared for check in checks for compared in await check.end(head)]


def _streams(log: Evidence) -> Iterator[tuple[str, Iterator[list[Recorded]]]]:
    """Each stream with its events in order, some at a time."""
    rows = (Row._make(row) for page in log.events() for row in page)
    for stream, of_stream in groupby(rows, lambda row: row.stream):
        yield stream, _pages(of_stream)


def _pages(rows: Iterator[Row]) -> Iterator[list[Recorded]]:
    page: list[Recorded] = []
    for row in rows:
        page.append(recorded_or_unreadable(row))
        if len(page) == EVENTS:
            yield page
            page = []
    if page:
        yield page


class Seen(NamedTuple):
    """A row of the store."""

    position: int
    digest: int
    gone: bool


class Check:
    """Of one store: walk it, then take in the log stream by stream, then hear what is different."""

    def __init__(self, store: Store, progress: Mapping[int, int]) -> None:
        self._store = store
        self._progress = progress
        tables = [table for projection in store.projections for table in projection.tables]
        self._rows = {table.name: Compared(store.name, table.name) for table in tables}
        self._seen: dict[str, dict[str, Seen]] = {table.name: {} for table in tables}
        self._lists = {(table.name, name): Lists(index) for table in tables for name, index in table.indexes.items()}
        self._archived: dict[str, Sum] = {}
        self._parked: set[tuple[str, int]] = set()
        self._mark = 0
        """Up to which the store has folded the stream at hand."""
        self._folds: list[Folding] = []
        self._later: list[Recorded] = []
        """Events of it beyond the mark."""

    async def walk(self) -> None:
        for table, seen in self._seen.items():
            async for key, kept in self._store.views.walk(table):
                seen[key] = Seen(kept.position, digest_of((key, kept.row)), kept.row is None)

    # the log

    def enter(self, stream: str) -> None:
        self._mark = self._mark_of(stream)
        self._folds = [Folding(projection, stream) for projection in self._store.projections]
        self._later = []

    def take(self, events: Sequence[Recorded]) -> None:
        due = [event for event in events if event.position <= self._mark]
        self._later += events[len(due) :]
        for fold in self._folds:
            self._parked.update((fold.name, position) for position in fold.take(due))
        for event in due if self._store.archive is not None else ():
            if event.meta.correlation.startswith("ord_"):
                self._archived.setdefault(event.meta.correlation, Sum()).add(digest_of(event.hash))

    def leave(self) -> None:
        for fold in self._folds:
            for table, rows in fold.rows:
                for key, kept in rows.items():
                    self._expect(table, key, kept)
                for key in keys_of(table, self._later) & self._seen[table.name].keys():
                    self._seen[table.name].pop(key)
                    self._rows[table.name].newer += 1

    def _expect(self, table: Table, key: str, kept: Kept) -> None:
        compared, seen = self._rows[table.name], self._seen[table.name].pop(key, None)
        digest = digest_of((key, kept.row))
        if kept.row is not None:
            compared.expected.add(digest)
            for name in table.indexes:
                self._lists[table.name, name].expect(key, kept.row)
        if seen is None:
            if kept.row is not None:
                compared.differs(f"{key} is missing; event {kept.position} made it")
        elif seen.position > self._mark:
            compared.newer += 1
        else:
            if not seen.gone:
                compared.found.add(seen.digest)
            if seen.position != kept.position:
                compared.differs(f"{key} is as of event {seen.position} and should be as of {kept.position}")
            elif seen.digest != digest:
                compared.differs(f"{key} is another row than event {kept.position} made")

    def _least(self) -> int:
        return min(self._progress.get(partition, 0) for partition in range(self._store.partitions))

    def _mark_of(self, stream: str) -> int:
        return self._progress.get(partition_of(stream, self._store.partitions), 0)

    # the end

    async def end(self, head: int) -> list[Compared]:
        for table, seen in self._seen.items():
            for key, row in seen.items():
                self._nobody_made(self._rows[table], key, row, head)
        lists = [await self._listed(table, name, of) for (table, name), of in self._lists.items()]
        found = [reached(self._store.name, self._least(), head), *self._rows.values(), *lists]
        if self._store.archive is not None:
            found.append(await self._compare_archive(self._store.archive))
        return [*found, await self._compare_parked()]

    @staticmethod
    def _nobody_made(compared: Compared, key: str, seen: Seen, head: int) -> None:
        if seen.position > head:
            compared.newer += 1
        elif not seen.gone:
            compared.found.add(seen.digest)
            compared.differs(f"{key} is as of event {seen.position}, and nothing in the log made it")

    async def _listed(self, table: str, index: str, lists: Lists) -> Compared:
        compared = Compared(self._store.name, f"{table} by {index}")
        counts = await self._store.views.counts(table, index)
        for owner in sorted(lists.expected.keys() | counts.keys()):
            expected, found = lists.expected.get(owner, Sum()), Sum()
            in_order = await self._read_list(table, index, owner, lists, found)
            compared.expected.add(expected.digest, expected.count)
            compared.found.add(found.digest, found.count)
            if found != expected:
                compared.differs(f"the list of {owner!r} has {found.count} rows and should have {expected.count}")
            elif not in_order:
                compared.differs(f"the list of {owner!r} is out of order")
            elif counts.get(owner, 0) != found.count:
                compared.differs(f"{counts.get(owner, 0)} are counted of {owner!r}, and {found.count} are listed")
        if compared.different and await self._store.views.progress() != self._progress:
            return Compared(compared.store, compared.what, compared.expected, compared.found, compared.different)
        return compared

    async def _read_list(self, table: str, index: str, owner: str, lists: Lists, found: Sum) -> bool:
        """Adds it up; whether it is in order."""
        last: Place | None = None
        in_order = True
        while page := await self._store.views.listed(table, index, owner, limit=LISTED_MAX, after=last):
            for key, row in page:
                place = lists.place(key, row)
                in_order = in_order and (last is None or last < place)
                found.add(digest_of(place))
                last = place
        return in_order

    async def _compare_archive(self, archive: Callable[[str], Awaitable[Sequence[Recorded]]]) -> Compared:
        compared = Compared(self._store.name, "archive")
        for order_id, expected in self._archived.items():
            found = Sum()
            for event in await archive(order_id):
                if event.position <= self._mark_of(event.stream):
                    found.add(digest_of(event.hash))
            compared.expected.add(expected.digest, expected.count)
            compared.found.add(found.digest, found.count)
            if found != expected:
                compared.differs(f"{order_id} has {found.count} events and should have {expected.count}")
        return compared

    async def _compare_parked(self) -> Compared:
        compared = Compared(self._store.name, "parked")
        names = {projection.name for projection in self._store.projections}
        found = {
            (name, event.position)
            for name, event in await self._store.views.parked()
            if name in names and event.position <= self._mark_of(event.stream)
        }
        for place in self._parked:
            compared.expected.add(digest_of(place))
        for place in found:
            compared.found.add(digest_of(place))
        for name, position in sorted(self._parked ^ found):
            wrong = "is parked and can be folded" if (name, position) in found else "cannot be folded and is not parked"
            compared.differs(f"event {position} {wrong} ({name})")
        return compared


class Folding:
    """One stream folded into the rows of one projection."""

    def __init__(self, projection: Projection, stream: str) -> None:
        self.name = projection.name
        self.rows: list[tuple[Table, dict[str, Kept]]] = [
            (table, {}) for table in projection.tables if stream[:3] in table.prefixes
        ]
        self._broken: dict[str, int] = {}

    def take(self, events: Sequence[Recorded]) -> set[int]:
        """Positions of the events that cannot be folded."""
        positions: set[int] = set()
        for table, rows in self.rows:
            changed, parked = fold_events(table, events, rows.get, self._broken)
            rows.update(changed)
            positions.update(event.position for event in parked)
        return positions


class Lists:
    """What one index of a table should list of each owner."""

    def __init__(self, index: Index) -> None:
        self.expected: dict[str, Sum] = {}
        self._index = index

    def expect(self, key: str, row: Any) -> None:
        owner = self._index.owner(key, row)
        if owner is not None:
            self.expected.setdefault(owner, Sum()).add(digest_of(self.place(key, row)))

    def place(self, key: str, row: Any) -> Place:
        return Place(0 if self._index.order is None else self._index.order(key, row), key)


def reached(store: str, position: int, head: int) -> Compared:
    """How far a store is. To be behind is no difference."""
    return Compared(store, "progress", Sum(head), Sum(min(position, head)))


def digest_of(row: Any) -> int:
    """64 bits; the same for equal rows, whatever the order of what they map."""
    return int.from_bytes(blake2b(_encode(row), digest_size=8).digest())
