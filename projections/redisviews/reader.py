"""Reading views from Redis. Rows and lists come from the primary, so what was once seen written is seen from then on.

A store without a life (flushed, and no worker has begun anew) answers nothing rather than "there is no such row".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

import msgspec

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

    def __init__(self, server: RedisServer, projections: Sequence[Projection], prefix: str = PREFIX) -> None:
        self.server = server
        self._projections = list(projections)
        self.names = Names(prefix, projections)
        self._tables = self.names.tables
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
        async def read(client: Any) -> list[Any]:
            pipeline = client.pipeline(transaction=True)
            pipeline.get(self.names.born)
            for name in self.names.progress:
                pipeline.hgetall(name)
            return list(await pipeline.execute())

        return await self.server.ask(read)

    async def get(self, table: str, key: str) -> Any | None:
        return (await self.get_many(table, (key,))).get(key)

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        stored = self._tables[table]
        wanted: list[str] = list(keys)
        found: dict[str, Any] = {}
        for start in range(0, len(wanted), KEYS_PER_QUERY):
            some = wanted[start : start + KEYS_PER_QUERY]
            for key, value in zip(some, await self._values([stored.rows + key for key in some]), strict=True):
                row = stored.decode(value)
                if row is not None:
                    found[key] = row
        return found

    async def _values(self, names: Sequence[str]) -> list[Any]:
        born, *values = await self.server.ask(lambda client: client.mget(self.names.born, *names))
        if born is None:
            raise _lifeless()
        return values

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
        stored = self._tables[table]
        chosen = stored.indexes[index]
        arguments = (
            stored.rows, chosen.order_width, *chosen.bounds(after, backwards), "REV" if backwards else "", limit,
            *(chosen.list_of(owner) for owner in owners),
        )  # fmt: skip
        lists = await self.server.ask(lambda _: self._list((self.names.born,), arguments))
        if lists is None:
            raise _lifeless()
        return [_entries(stored, chosen.order_width, members, values) for members, values in lists]

    async def count(self, table: str, index: str, owner: str) -> int:
        name = self._tables[table].indexes[index].list_of(owner)
        return int(await self.server.ask(lambda client: client.zcard(name)))

    async def counts(self, table: str, index: str) -> dict[str, int]:
        name = self._tables[table].indexes[index].counts
        found: Any = await self.server.ask(lambda client: client.hgetall(name))
        return {owner.decode(): int(rows) for owner, rows in found.items()}

    async def walk(self, table: str) -> AsyncIterator[tuple[str, Kept]]:
        """Every row once, those that are gone too, in no order and as of the moment that each is met: for checks, not
        for readers."""
        stored = self._tables[table]
        pattern = "".join("\\" + letter if letter in "\\*?[]^-" else letter for letter in stored.rows) + "*"
        cursor, seen = 0, set[str]()
        while True:
            cursor, names = await self.server.ask(
                # mypy cannot infer the type of a lambda with defaults
                lambda client, at=cursor: client.scan(at, match=pattern, count=KEYS_PER_QUERY)  # type: ignore[misc]
            )
            keys = list({name.decode()[len(stored.rows) :] for name in names} - seen)
            seen.update(keys)
            for key, value in zip(keys, await self._values([stored.rows + key for key in keys]), strict=True):
                yield key, Kept(position_of(value), stored.decode(value))
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
        name = self.names.parked[number]
        found: Any = await self.server.ask(lambda client: client.hgetall(name))
        return sorted(Parked(int(position), *_parked_event(event)) for position, event in found.items())


def _entries(stored: StoredTable, order_width: int, members: Sequence[bytes], values: Sequence[bytes]) -> list[Entry]:
    return [
        Entry(member[order_width:].decode(), stored.decode(value))
        for member, value in zip(members, values, strict=True)
    ]


def _lifeless() -> ViewsUnavailable:
    return ViewsUnavailable("Redis holds no views: no worker has begun to fill it")
