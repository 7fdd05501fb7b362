"""The way into Cassandra, for workers that share the log's partitions among them.

There are no transactions here, so three things make it right whatever happens in between:

- Whatever is written is a function of an event and the state before it, and carries the event's position as its
  timestamp. Two workers that fold the same events, in whatever batches, write the same; a late one is overruled.
- Lists change before the rows do, and marks come last. Where a row has taken an event in, the lists have as well;
  where a mark stands, so have all rows of its partition. Whoever dies in between is repeated from the mark.
- Events up to the mark are not folded again, so that not even a deletion whose traces the server has cleared away is
  undone by a repetition.

Partitions that are written in the same moment are written in one round: marks read once, rows and marks sent together.

Where another generation has gone live, whoever writes a partition hears of it as of rows that were lost: it is asked
anew how far that one is, and what it lacks is handed over again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count
from typing import NamedTuple

from domain.recorded import Recorded
from projections.cassandraviews.driver import Query
from projections.cassandraviews.marks import Marks
from projections.cassandraviews.reader import CassandraViews
from projections.cassandraviews.settings import CassandraSettings
from projections.cassandraviews.shape import Shape
from projections.cassandraviews.spots import Moves
from projections.cassandraviews.tables import StoredTable
from projections.cassandraviews.timeline import NAME as TIMELINE
from projections.folding import NOWHERE, Kept, Parked, concerned, first_of_each, fold_events, keys_of
from projections.projector import Projection
from projections.rounds import Rounds
from projections.rowcache import RowCache
from projections.sink import RowsLost
from projections.views import Touched

MONTHS_KNOWN_MAX = 20_000


class Partition:
    """What this process knows of a partition that it folds."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.shape: Shape | None = None
        """The generations that it was told the progress of, or wrote to."""
        self.acknowledged: Marks = {}
        """Never less is to be found there again."""
        self.lost = self.told = False
        """Rows that were acknowledged are gone; whoever writes this partition was told so."""
        self.trusted: Marks | None = None
        """While the marks are these, nobody else has folded and nothing was emptied: what is remembered is so."""
        self.era = 0
        """Of remembered rows: a new one forgets them."""
        self.broken: dict[str, dict[str, int]] = {}
        """Streams that stand still, and since which position, by projection."""
        self.months: set[tuple[str, str, int]] = set()
        """Noted as having entries."""


class Call(NamedTuple):
    """Of ``write``."""

    partition: int
    known: Partition
    upto: int
    events: Sequence[Recorded]


class Batch:
    """What is to be written for a call."""

    def __init__(self, call: Call, shape: Shape, marks: Marks) -> None:
        self.call = call
        self.shape = shape
        """The generations that it is written to."""
        self.marks = marks
        """As they were found."""
        self.moved: Marks = {}
        """Those that are to be noted."""
        self.lists: list[Sequence[Query]] = []
        self.rows: list[Sequence[Query]] = []
        """Of which a list changes: to be written when that is acknowledged."""
        self.others: list[Sequence[Query]] = []
        self.archived: Sequence[Recorded] = ()
        self.touched = Touched()
        self.remember: list[tuple[StoredTable, str, Kept, int]] = []
        self.broken: dict[str, dict[str, int]] = {}
        self.months: set[tuple[str, str, int]] = set()


class CassandraSink(CassandraViews):
    def __init__(self, settings: CassandraSettings, projections: Sequence[Projection]) -> None:
        super().__init__(settings, projections)
        self._partitions: defaultdict[int, Partition] = defaultdict(Partition)
        self._cache = RowCache()
        self._eras = count(1)
        self._rounds: Rounds[Call, Touched] = Rounds(self._write)

    @property
    def cache(self) -> RowCache:
        return self._cache

    async def progress(self) -> dict[int, int]:
        found = await super().progress()
        for partition, known in self._partitions.items():
            if known.told:
                known.acknowledged, known.trusted, known.lost, known.told = {}, None, False, False
            elif found.get(partition, NOWHERE) < min(known.acknowledged.values(), default=NOWHERE):
                known.lost = True  # and it is another one that asks: each has to hear of it
        for partition in found:  # one that is not among them begins at the beginning, whatever is live
            known = self._partitions[partition]
            known.shape = known.shape or self._shape
        return found

    async def _may_turn_to(self, newer: Shape) -> bool:
        return True

    async def begin_again(self, projection: str) -> None:
        """All of them: see ``Bookkeeping.empty``."""
        assert projection in [one.name for one in self.projections], projection
        await self._shape.books.empty(self.connection)

    async def write(self, partition: int, upto: int, events: Sequence[Recorded]) -> Touched:
        """Raises RowsLost, until ``progress`` is called, when the tables were dropped or emptied under our feet, and
        once when another generation has gone live.

        Each partition hears of it once at least, whoever noticed it first.
        """
        known = self._partitions[partition]
        async with known.lock:
            try:
                return await self._rounds.join(Call(partition, known, upto, events))
            except BaseException:
                known.trusted = None
                raise

    async def _write(self, calls: Sequence[Call]) -> list[Touched | Exception]:
        shape = await self._now()
        marks, numbers = await asyncio.gather(shape.books.marks(self.connection), shape.books.numbers(self.connection))
        await self._turn_to(numbers)
        live = self._shape  # for all of the round, whatever another finds meanwhile
        batches = [await self._batch(call, shape, live, marks.get(call.partition, {})) for call in calls]
        whole = [batch for batch in batches if isinstance(batch, Batch)]
        first = [queries for batch in whole for queries in (*batch.lists, *batch.others)]
        first += shape.timeline.put([event for batch in whole for event in batch.archived])
        await self.connection.send(first, [queries for batch in whole for queries in batch.rows])
        await self.connection.send(
            [shape.books.note(batch.call.partition, batch.moved) for batch in whole if batch.moved]
        )
        for batch in whole:
            self._learn(batch)
        return [batch.touched if isinstance(batch, Batch) else batch for batch in batches]

    async def _batch(self, call: Call, shape: Shape, live: Shape, marks: Marks) -> Batch | RowsLost:
        """``marks`` were read of ``shape``."""
        known = call.known
        if live is not shape or known.shape not in (None, shape):
            known.shape, known.acknowledged = live, {}
            return RowsLost("another generation has gone live")
        known.shape = shape
        try:
            self._look_for_losses(known, marks)
        except RowsLost as lost:
            return lost
        if known.trusted != marks:
            known.era = next(self._eras)
            known.broken, known.months = {}, set()
        batch = Batch(call, shape, marks)
        for projection in self.projections:
            fresh = _beyond(marks.get(shape.marked[projection.name], NOWHERE), call.events)
            if fresh:
                await self._fold(batch, projection, fresh)
        batch.archived = _beyond(marks.get(TIMELINE, NOWHERE), call.events)
        batch.moved = {name: call.upto for name in shape.books.names if marks.get(name, NOWHERE) < call.upto}
        return batch

    def _look_for_losses(self, known: Partition, marks: Marks) -> None:
        if any(marks.get(name, NOWHERE) < upto for name, upto in known.acknowledged.items()):
            known.lost = True
        if known.lost:
            known.told = True
            raise RowsLost("Cassandra has lost rows that it had acknowledged")

    # folding

    async def _fold(self, batch: Batch, projection: Projection, events: Sequence[Recorded]) -> None:
        known, shape = batch.call.known, batch.shape
        name = shape.marked[projection.name]
        tables = [shape.stored[table.name] for table in concerned(projection.tables, events)]
        if not tables:
            return
        if name not in known.broken:
            known.broken[name] = first_of_each(await shape.books.parked(self.connection, name))
        broken = dict(known.broken[name])
        parked: list[Parked] = []
        for stored in tables:
            rows = await self._rows_before(stored, known.era, events)
            parked += self._fold_table(batch, known, stored, events, rows, broken)
        batch.broken[name] = broken
        batch.others += shape.books.park(name, parked)

    async def _rows_before(
        self, stored: StoredTable, era: int, events: Sequence[Recorded]
    ) -> tuple[dict[str, Kept], dict[str, tuple[int, bytes | None]]]:
        """As remembered, and as found. A row comes from one stream, so it is not there before that begins."""
        first = keys_of(stored.table, [recorded for recorded in events if recorded.version == 1])
        rows, missing = self._cache.get_many(f"{stored.table.name}.{era}", keys_of(stored.table, events))
        missing = [key for key in missing if key not in first]
        found = await self._find(stored, missing) if missing else []
        return rows, {key: (position, row) for key, position, row in found}

    def _fold_table(
        self,
        batch: Batch,
        known: Partition,
        stored: StoredTable,
        events: Sequence[Recorded],
        before: tuple[Mapping[str, Kept], Mapping[str, tuple[int, bytes | None]]],
        broken: dict[str, int],
    ) -> list[Parked]:
        rows, blobs = before

        def kept(key: str) -> Kept | None:
            if key not in blobs:
                return rows.get(key)
            position, row = blobs[key]
            return Kept(position, None if row is None else stored.decode(row))

        moves = Moves(stored.table)
        changed, parked = fold_events(stored.table, events, kept, broken, moves.passed)
        moved = {spot.key for spot in moves.changes}
        for key, now in changed.items():
            row = None if now.row is None else stored.encode(now.row)
            rows_then = batch.rows if key in moved else batch.others
            rows_then.append((stored.put(key, now.position, row),))
            batch.remember.append((stored, key, now, len(row or b"")))
        if changed:
            batch.touched[stored.table.name] = set(changed)
        batch.lists += stored.lists.move(moves.changes)
        # Months are never taken back: one that is empty by now costs a reader one look.
        months = stored.lists.months_of(moves.changes)
        batch.lists += [(query,) for month, query in months.items() if month not in known.months]
        batch.months.update(months)
        return parked

    def _learn(self, batch: Batch) -> None:
        """What is certain once it is acknowledged."""
        known = batch.call.known
        known.acknowledged = known.trusted = {**batch.marks, **batch.moved}
        for stored, key, kept, size in batch.remember:
            self._cache.put(f"{stored.table.name}.{known.era}", key, kept, size)
        known.broken.update(batch.broken)
        if len(known.months) > MONTHS_KNOWN_MAX:
            known.months.clear()
        known.months |= batch.months


def _beyond(mark: int, events: Sequence[Recorded]) -> Sequence[Recorded]:
    if not events or events[0].position > mark:
        return events
    return [recorded for recorded in events if recorded.position > mark]
