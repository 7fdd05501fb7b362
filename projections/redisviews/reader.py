"""Reading views from Redis. Rows and lists come from the primary, so what was once seen written is seen from then on.

A store without a life (flushed, and no worker has begun anew) answers nothing rather than "there is no such row".

Which generation of each projection is live is learned once and holds for as long as the store's life has the same name:
every answer comes with that name, and one that comes with another was asked of the wrong generation, so it is asked
again. To exchange generations is to give the life another name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from domain.stored.codec import DAMAGED
from projections.folding import Kept, Parked
from projections.projector import Projection
from projections.redisviews.names import PREFIX, Names, StoredTable, position_of
from projections.redisviews.scripts import LIST
from projections.redisviews.server import RedisServer
from projections.views import LISTED_MAX, Entry, Place, ViewsUnavailable

KEYS_PER_QUERY = 1_000
OWNERS_PER_QUERY = 100
_parked_event = msgspec.json.Decoder(tuple[str, str]).decode


class RedisViews:
    """Some projections' tables under a prefix. All methods raise ViewsUnavailable."""

    def __init__(
        self,
        server: RedisServer,
        projections: Sequence[Projection],
        prefix: str = PREFIX,
        pinned: Mapping[str, int] | None = None,
    ) -> None:
        """``pinned`` are numbers of generations by projection, to look at those and not at the live ones."""
        self.server = server
        self._projections = list(projections)
        self._pinned = pinned
        self.names = Names(prefix, projections, pinned)
        """Replaced as a whole when the store has another life or other generations."""
        self._list = server.client.register_script(LIST)

    async def progress(self) -> Mapping[int, int]:
        """By partition. Empty for a store without a life."""
        return (await self.life())[1]

    async def life(self) -> tuple[bytes | None, dict[int, int]]:
        """Which life of the store this is, None without any, and how far each partition is in all projections."""
        born, *hashes = await self._progress_hashes()
        if born is None:
            return None, {}
        first, *others = [{int(partition): int(at) for partition, at in hash.items()} for hash in hashes]
        return born, {
            partition: min(at, *(other[partition] for other in others)) if others else at
            for partition, at in first.items()
            if all(partition in other for other in others)
        }

    async def _progress_hashes(self) -> list[Any]:
        """The store's life, and progress by projection of the generations that are live."""
        while True:
            names = self.names

            async def read(client: Any, names: Names = names) -> list[Any]:
                pipeline = client.pipeline(transaction=True)
                pipeline.get(names.born)
                pipeline.hmget(names.generations, list(names.numbers))
                for name in names.progress:
                    pipeline.hgetall(name)
                return list(await pipeline.execute())

            born, numbers, *hashes = await self.server.ask(read)
            if self._are(names, born, numbers):
                return [born, *hashes]

    def _are(self, names: Names, born: bytes | None, numbers: Sequence[bytes | None]) -> bool:
        """Whether these are the names of what is live; they are corrected if not."""
        live = self._pinned or {name: int(number or 0) for name, number in zip(names.numbers, numbers, strict=True)}
        self.names = Names(names.prefix, self._projections, live, born)
        return self.names.numbers == names.numbers

    async def _named(self) -> Names:
        """Raises ViewsUnavailable where the store has no life."""
        if self.names.life is None:
            await self._progress_hashes()
        if self.names.life is None:
            raise _lifeless()
        return self.names

    async def _ask(self, command: Callable[[Any, Names], None]) -> list[Any]:
        """The answers to what ``command`` puts into a pipeline, all of one moment and of the live generations."""
        while True:
            names = await self._named()

            async def read(client: Any, names: Names = names) -> list[Any]:
                pipeline = client.pipeline(transaction=True)
                pipeline.get(names.born)
                command(pipeline, names)
                return list(await pipeline.execute())

            born, *answers = await self.server.ask(read)
            if born == names.life:
                return answers
            await self._learn(born)

    async def _learn(self, born: bytes | None) -> None:
        """After an answer from another life than the names are of."""
        if born is None:
            raise _lifeless()
        await self._progress_hashes()

    async def get(self, table: str, key: str) -> Any | None:
        return (await self.get_many(table, (key,))).get(key)

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        wanted: list[str] = list(keys)
        found: dict[str, Any] = {}
        for start in range(0, len(wanted), KEYS_PER_QUERY):
            some = wanted[start : start + KEYS_PER_QUERY]
            stored, values = await self._values(table, some)
            for key, value in zip(some, values, strict=True):
                row = stored.decode(value)
                if row is not None:
                    found[key] = row
        return found

    async def kept_many(self, table: str, keys: Collection[str]) -> dict[str, Kept]:
        """Rows with their positions, those that are gone too; bytes for one that cannot be read. At most some hundreds,
        for checks."""
        wanted = list(keys)
        stored, values = await self._values(table, wanted)
        return {key: _kept(stored, value) for key, value in zip(wanted, values, strict=True) if value is not None}

    async def _values(self, table: str, keys: Sequence[str]) -> tuple[StoredTable, list[Any]]:
        while True:
            names = await self._named()
            stored = names.tables[table]
            rows = [stored.rows + key for key in keys]
            # mypy cannot infer the type of a lambda with defaults
            born, *values = await self.server.ask(lambda client, rows=rows: client.mget(self.names.born, *rows))  # type: ignore[misc]
            if born == names.life:
                return stored, values
            await self._learn(born)

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
        return (await self._lists(table, index, (owner,), limit, after, backwards))[0]

    async def listed_all(self, table: str, index: str, owners: Collection[str]) -> dict[str, list[Entry]]:
        wanted: list[str] = list(owners)
        found: dict[str, list[Entry]] = {}
        for start in range(0, len(wanted), OWNERS_PER_QUERY):
            some = wanted[start : start + OWNERS_PER_QUERY]
            found.update(zip(some, await self._lists(table, index, some, LISTED_MAX, None, False), strict=True))
        return found

    async def _lists(
        self, table: str, index: str, owners: Sequence[str], limit: int, after: Place | None, backwards: bool
    ) -> list[list[Entry]]:
        while True:
            names = await self._named()
            stored = names.tables[table]
            chosen = stored.indexes[index]
            arguments = (
                names.life, stored.rows, chosen.order_width, *chosen.bounds(after, backwards),
                "REV" if backwards else "", limit, *(chosen.list_of(owner) for owner in owners),
            )  # fmt: skip
            # mypy cannot infer the type of a lambda with defaults
            lists = await self.server.ask(lambda _, said=arguments: self._list((self.names.born,), said))  # type: ignore[misc]
            if lists is None:
                raise _lifeless()
            if lists != 0:
                return [_entries(stored, chosen.order_width, members, values) for members, values in lists]
            await self._progress_hashes()

    async def count(self, table: str, index: str, owner: str) -> int:
        (rows,) = await self._ask(lambda ask, names: ask.zcard(names.tables[table].indexes[index].list_of(owner)))
        return int(rows)

    async def counts(self, table: str, index: str) -> dict[str, int]:
        (found,) = await self._ask(lambda ask, names: ask.hgetall(names.tables[table].indexes[index].counts))
        return {owner.decode(): int(rows) for owner, rows in found.items()}

    async def walk(self, table: str) -> AsyncIterator[tuple[str, Kept]]:
        """Every row once, those that are gone too, in no order and as of the moment that each is met: for checks, not
        for readers."""
        stored = (await self._named()).tables[table]
        pattern = "".join("\\" + letter if letter in "\\*?[]^-" else letter for letter in stored.rows) + "*"
        cursor, seen = 0, set[str]()
        while True:
            cursor, names = await self.server.ask(
                # mypy cannot infer the type of a lambda with defaults
                lambda client, at=cursor: client.scan(at, match=pattern, count=KEYS_PER_QUERY)  # type: ignore[misc]
            )
            keys = list({name.decode()[len(stored.rows) :] for name in names} - seen)
            seen.update(keys)
            for key, kept in (await self.kept_many(table, keys)).items():
                yield key, kept
            if cursor == 0:
                return

    async def parked(self) -> Sequence[tuple[str, Parked]]:
        """By projection, in the log's order."""
        return [
            (projection.name, event)
            for number, projection in enumerate(self._projections)
            for event in await self._parked_events(number)
        ]

    async def _parked_events(self, number: int) -> list[Parked]:
        """None in a store without a life."""
        if self.names.life is None and (await self._progress_hashes())[0] is None:
            return []
        (found,) = await self._ask(lambda ask, names: ask.hgetall(names.parked[number]))
        return sorted(Parked(int(position), *_parked_event(event)) for position, event in found.items())


def _entries(stored: StoredTable, order_width: int, members: Sequence[bytes], values: Sequence[bytes]) -> list[Entry]:
    return [
        Entry(member[order_width:].decode(), stored.decode(value))
        for member, value in zip(members, values, strict=True)
    ]


def _kept(stored: StoredTable, value: bytes) -> Kept:
    try:
        return Kept(position_of(value), stored.decode(value))
    except DAMAGED:
        return Kept(position_of(value), value)


def _lifeless() -> ViewsUnavailable:
    return ViewsUnavailable("Redis holds no views: no worker has begun to fill it")
