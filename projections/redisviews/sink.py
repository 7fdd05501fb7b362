"""The sink: folds events here, and writes rows, lists, progress and a notice in one atomic script.

Concurrency is optimistic. Rows are folded from what this process remembers of them or reads, each with its position;
the script writes only if every row is still at that position, and otherwise says which are not: those are read and all
is folded again. As rows carry positions, repeated events are passed over, and rows that are gone keep theirs. All of a
write happens or nothing, so progress never runs ahead of rows.

Partitions that are written in the same moment are written at once, and one notice tells of them: what a write costs the
worker, and a notice whoever reads, is hardly more for several.

A store that was flushed or came back older than it was is noticed before anything is written: each life of the store
has a name that dies with it, and a partition's progress is never less than what we have seen of it. Where generations
were exchanged, the same events are folded into the new one, which has all that was written to the other.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from domain.recorded import Recorded
from projections.folding import NEVER_WAS, Kept, concerned, first_of_each, fold_events, keys_of
from projections.projector import Projection
from projections.redisviews.batch import Batch
from projections.redisviews.names import PREFIX, Names, StoredTable, position_of
from projections.redisviews.reader import KEYS_PER_QUERY, RedisViews
from projections.redisviews.scripts import BEGIN, WRITE
from projections.redisviews.server import RedisServer
from projections.rounds import Rounds
from projections.rowcache import RowCache
from projections.sink import RowsLost
from projections.views import Touched, ViewsUnavailable

EVENTS_MAX = 500
"""Written at once: Redis serves nobody else for the four milliseconds that many new rows take (redis-sink bench)."""
ATTEMPTS = 20
PAUSE_S = 0.01
"""At most, before the second attempt, and as much longer before each further one."""


class ParkedStreams(NamedTuple):
    """What is known to be parked of one projection."""

    number: int
    first: dict[str, int]
    """Position of the first parked event of each stream."""


class Part(NamedTuple):
    """Events for one table."""

    projection: int
    stored: StoredTable
    events: Sequence[Recorded]
    keys: Collection[str]


class Call(NamedTuple):
    """Of ``write``."""

    partition: int
    upto: int
    events: Sequence[Recorded]


class RedisSink(RedisViews):
    """``told``: tables of which notices say what was touched, and of each the indexes whose owners are told as well."""

    def __init__(
        self,
        server: RedisServer,
        projections: Sequence[Projection],
        prefix: str = PREFIX,
        told: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        super().__init__(server, projections, prefix)
        self._told = told or {}
        self._begin = server.client.register_script(BEGIN)
        self._script = server.client.register_script(WRITE)
        self._cache = RowCache()
        self._rounds: Rounds[Call, Touched] = Rounds(self._write)
        self._born: bytes | None = None
        """For which life and generations all that is remembered holds."""
        self._held: dict[int, list[int]] = {}
        """Progress that was seen, by partition and projection."""
        self._lost: set[int] = set()
        """Partitions whose worker has yet to hear that the store lost rows."""
        self._parked: list[ParkedStreams | None] = [None] * len(self._projections)

    @property
    def cache(self) -> RowCache:
        return self._cache

    async def progress(self) -> Mapping[int, int]:
        """Begins a life of the store if it has none."""
        known = {partition: list(held) for partition, held in self._held.items()}
        names = (self.names.born, self.names.changes)
        await self.server.ask(lambda _: self._begin(names, (secrets.token_hex(8),)))
        born, *hashes = await self._progress_hashes()
        if born is None:
            raise ViewsUnavailable("Redis was flushed just now")
        partitions = {int(partition) for found in hashes for partition in found}
        held = {partition: [int(found.get(b"%d" % partition, 0)) for found in hashes] for partition in partitions}
        if self._born not in (None, born):
            self._cache.clear()
            self._parked = [None] * len(self._projections)
        if self._born is not None and life_of(self._born) != life_of(born):
            self._forget(known)
        else:
            self._forget(partition for partition, least in known.items() if _behind(held.get(partition), least))
        self._born = born
        self._held = held
        complete = set.intersection(*({int(partition) for partition in found} for found in hashes))
        return {partition: min(held[partition]) for partition in complete}

    async def begin_again(self, projection: str) -> None:
        number = [one.name for one in self._projections].index(projection)
        names = await self._named()
        keys = (names.progress[number], names.parked[number])
        await self.server.ask(lambda client: client.delete(*keys))
        self._parked[number] = None

    def _forget(self, lost: Iterable[int]) -> None:
        """The store is not what it was for these partitions: nothing that is remembered of its rows holds."""
        if lost := set(lost):
            self._lost |= lost
            self._cache.clear()
            self._parked = [None] * len(self._projections)

    async def write(self, partition: int, upto: int, events: Sequence[Recorded]) -> Touched:
        """What was touched in the same moment, by whomever."""
        touched = Touched()
        last = len(events) - 1
        for start in range(0, max(1, len(events)), EVENTS_MAX):
            some = events[start : start + EVENTS_MAX]
            end = upto if start + EVENTS_MAX > last else some[-1].position
            for table, keys in (await self._rounds.join(Call(partition, end, some))).items():
                touched.setdefault(table, set()).update(keys)
        return touched

    async def _write(self, calls: Sequence[Call]) -> list[Touched | Exception]:
        together = len(calls) > 1 and sum(len(call.events) for call in calls) <= EVENTS_MAX
        touched = await self._all(calls) if together else None
        if touched is not None:
            return [touched] * len(calls)
        # Side by side, so that one is folded while Redis writes another: partitions have no rows in common.
        return await asyncio.gather(*map(self._alone, calls))

    async def _all(self, calls: Sequence[Call]) -> Touched | None:
        """None where something is not as we took it to be: whose it is shows when they come one by one."""
        names = await self._live()
        if not self._lost.isdisjoint(call.partition for call in calls):
            return None
        batch = await self._fold(names, [event for call in calls for event in call.events])
        upto: dict[int, int] = {}
        for call in calls:
            upto[call.partition] = max(call.upto, upto.get(call.partition, 0))
        return batch.touched if await self._store(names, upto, batch) else None

    async def _alone(self, call: Call) -> Touched | Exception:
        """What it raises comes back, so that nothing of a round goes on when another call of it has failed."""
        try:
            for attempt in range(ATTEMPTS):
                names = await self._live()
                if call.partition in self._lost:
                    self._lost.discard(call.partition)
                    return RowsLost()
                batch = await self._fold(names, call.events, new=not attempt)
                if await self._store(names, {call.partition: call.upto}, batch):
                    return batch.touched
                await asyncio.sleep(random.random() * PAUSE_S * attempt)
        except Exception as error:
            return error
        return ViewsUnavailable("others keep writing the same rows")

    async def _live(self) -> Names:
        """Of which holds what is remembered."""
        if self._born is None or self._born != self.names.life:
            await self.progress()
        return self.names

    # folding

    async def _fold(self, names: Names, events: Sequence[Recorded], *, new: bool = True) -> Batch:
        """``new``: a row of a stream that begins here is taken not to be there yet. If it is, because events are
        repeated, it is not at the position that this was folded from."""
        batch = Batch(self._told)
        projections = range(len(self._projections))
        parts = [part for number in projections for part in await self._parts(names, number, events)]
        values: dict[str, bytes | None] = {}
        known: list[dict[str, Kept]] = []
        missing: list[str] = []
        for part in parts:
            found, keys = self._cache.get_many(part.stored.table.name, part.keys)
            if new and part.stored.table.of_one_stream:
                begun = keys_of(part.stored.table, [recorded for recorded in part.events if recorded.version == 1])
                found.update(dict.fromkeys(begun.intersection(keys), NEVER_WAS))
                keys = [key for key in keys if key not in begun]
            known.append(found)
            missing += [part.stored.rows + key for key in keys]
        for start in range(0, len(missing), KEYS_PER_QUERY):
            some = missing[start : start + KEYS_PER_QUERY]
            # mypy cannot infer the type of a lambda with defaults
            values.update(zip(some, await self.server.ask(lambda client, some=some: client.mget(some)), strict=True))  # type: ignore[misc]
        broken = [dict(parked.first) if parked else {} for parked in self._parked]
        for part, before in zip(parts, known, strict=True):
            self._fold_part(part, before, values, broken[part.projection], batch)
        return batch

    async def _parts(self, names: Names, number: int, events: Sequence[Recorded]) -> list[Part]:
        tables = concerned(self._projections[number].tables, events)
        if tables:
            first = (self._parked[number] or await self._read_parked(number)).first
            if first:
                # What came before the first parked event of its stream has been folded, whenever it comes again.
                events = [one for one in events if one.position >= first.get(one.stream, 0)]
        return [Part(number, names.tables[table.name], events, keys_of(table, events)) for table in tables]

    def _fold_part(
        self,
        part: Part,
        before: dict[str, Kept],
        values: Mapping[str, bytes | None],
        broken: dict[str, int],
        batch: Batch,
    ) -> None:
        stored = part.stored

        def kept(key: str) -> Kept:
            was = before.get(key)
            if was is None:
                value = values[stored.rows + key]
                was = before[key] = Kept(position_of(value), stored.decode(value))
            return was

        changed, parked = fold_events(stored.table, part.events, kept, broken)
        batch.change(stored, changed, before)
        batch.park(self._projections[part.projection].name, parked)

    # writing

    async def _store(self, names: Names, upto: Mapping[int, int], batch: Batch) -> bool:
        """By partition. False: somebody else wrote meanwhile, and what we took for true of it is forgotten; or the
        store has lost rows or has other generations."""
        nothing = [0] * len(self._projections)
        held = [self._held.get(partition, nothing) for partition in upto]
        state = []
        for number, projection in enumerate(self._projections):
            parked = self._parked[number] or await self._read_parked(number)
            new = batch.parked.get(projection.name, {})
            least = [each[number] for each in held]
            state.append((names.progress[number], least, names.parked[number], parked.number, new))
        assert names.life is not None
        arguments = batch.encode(names.life, upto, state)
        keys = (names.born, names.changes)
        answer = await self.server.ask(lambda _: self._script(keys, arguments))
        if not answer:
            if names.life == self._born:  # or what was written is not what is live now
                self._remember(upto, batch)
            return True
        if answer == [b"lost"]:
            await self.progress()
            if life_of(names.life) != life_of(self.names.life or b""):
                self._lost.update(upto)
            return False
        if answer == [b"parked"]:
            self._parked = [None] * len(self._projections)
        else:
            for row in answer:
                self._cache.forget(*batch.rows[row][:2])
        return False

    def _remember(self, upto: Mapping[int, int], batch: Batch) -> None:
        for table, key, kept, size in batch.rows:
            self._cache.put(table, key, kept, size)
        for partition, position in upto.items():
            seen = self._held.get(partition) or [0] * len(self._projections)
            self._held[partition] = [max(at, position) for at in seen]
        for number, projection in enumerate(self._projections):
            if projection.name in batch.parked:
                self._parked[number] = None

    async def _read_parked(self, number: int) -> ParkedStreams:
        events = await self._parked_events(number)
        known = self._parked[number] = ParkedStreams(len(events), first_of_each(events))
        return known


def life_of(born: bytes) -> bytes:
    """Without how often generations were exchanged in it."""
    return born.partition(b".")[0]


def _behind(held: Sequence[int] | None, least: Sequence[int]) -> bool:
    """Whether the progress of a partition is less than what was seen of it."""
    return any(least) if held is None else any(at < seen for at, seen in zip(held, least, strict=True))
