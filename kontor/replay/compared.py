"""Two generations of a projection in a server, row by row: the live one, which moves on meanwhile, and the new one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from kontor.proving.comparing import Compared, Walked, digest_of
from projections.folding import Kept
from projections.projector import Projection, Table

ROWS = 1_000
LOOKS, LOOK_S = 50, 0.1


class Between(NamedTuple):
    """How far two generations are."""

    live: int
    new: int


class Pinned(Walked, Protocol):
    """One generation."""

    async def kept_many(self, table: str, keys: Collection[str]) -> dict[str, Kept]:
        """With those that are gone, where the store remembers them."""


async def compare(store: str, projection: Projection, live: Pinned, new: Pinned, position: int) -> list[Compared]:
    """The new one is folded up to ``position``; workers may not be there yet. They get some time to come up with it,
    and what is newer than they are is not compared. Raises ViewsUnavailable."""
    for _ in range(LOOKS):
        began = await live.progress()
        reached = min(began.values(), default=0)
        if reached >= position:
            break
        await asyncio.sleep(LOOK_S)
    between = Between(reached, position)
    found = [await _rows(store, table, live, new, between) for table in projection.tables]
    if began == await live.progress() and not any(one.newer for one in found):
        found += [await _counts(store, table, live, new) for table in projection.tables if table.indexes]
    return [*found, await _parked(store, live, new, min(between))]


async def _rows(store: str, table: Table, live: Pinned, new: Pinned, between: Between) -> Compared:
    compared = Compared(store, table.name)
    async for olds in _pages(live, table.name):
        news = await new.kept_many(table.name, list(olds))
        for key, old in olds.items():
            _compare(compared, key, old, news.get(key), between)
    async for news in _pages(new, table.name):
        olds = await live.kept_many(table.name, list(news))
        for key in news.keys() - olds.keys():
            _compare(compared, key, None, news[key], between)
    return compared


def _compare(compared: Compared, key: str, old: Kept | None, new: Kept | None, between: Between) -> None:
    """``found`` counts the live rows, ``expected`` the new ones."""
    if (old is not None and old.position > between.new) or (new is not None and new.position > between.live):
        compared.newer += 1
        return
    digests = [None if one is None or one.row is None else digest_of((key, one.row)) for one in (old, new)]
    for digest, side in zip(digests, (compared.found, compared.expected), strict=True):
        if digest is not None:
            side.add(digest)
    if digests[0] is None and digests[1] is not None:
        compared.differs(f"{key} is new")
    elif digests[1] is None and digests[0] is not None:
        compared.differs(f"{key} is gone")
    elif digests[0] != digests[1]:
        compared.differs(f"{key} is another row")
    elif old is not None and new is not None and old.position != new.position:
        compared.differs(f"{key} is as of event {new.position}, the live one as of {old.position}")


async def _pages(views: Pinned, table: str) -> AsyncIterator[dict[str, Kept]]:
    page: dict[str, Kept] = {}
    async for key, kept in views.walk(table):
        page[key] = kept
        if len(page) == ROWS:
            yield page
            page = {}
    if page:
        yield page


async def _counts(store: str, table: Table, live: Pinned, new: Pinned) -> Compared:
    """How many rows each list has."""
    compared = Compared(store, f"lists of {table.name}")
    for index in table.indexes:
        sides = (await live.counts(table.name, index), await new.counts(table.name, index))
        for counts, side in zip(sides, (compared.found, compared.expected), strict=True):
            for owner, rows in counts.items():
                side.add(digest_of((index, owner, rows)))
        _compare_counts(compared, index, *sides)
    return compared


def _compare_counts(compared: Compared, index: str, live: Mapping[str, int], new: Mapping[str, int]) -> None:
    for owner in sorted(live.keys() | new.keys()):
        if live.get(owner, 0) != new.get(owner, 0):
            lists = f"{live.get(owner, 0)} live and {new.get(owner, 0)} new"
            compared.differs(f"the list of {owner!r} by {index} has {lists} rows")


async def _parked(store: str, live: Pinned, new: Pinned, position: int) -> Compared:
    compared = Compared(store, "parked")
    sides: Sequence[set[int]] = [
        {event.position for _, event in await views.parked() if event.position <= position} for views in (live, new)
    ]
    for positions, side in zip(sides, (compared.found, compared.expected), strict=True):
        for at in positions:
            side.add(digest_of(at))
    for at in sorted(sides[0] ^ sides[1]):
        compared.differs(f"event {at} is parked in the {'live' if at in sides[0] else 'new'} one only")
    return compared
