"""What sells is counted from the log, before and after the start, and told in steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from commands.errors import StorageUnavailable
from commands.mapper import record
from commands.store.memory import MemoryLog
from domain.buyers.cart import ItemAdded
from domain.catalog.merit import merits_of
from domain.decider import Event
from domain.orders.order import OrderPlaced
from domain.recorded import Meta, Recorded
from projections.search.document import SearchDocument
from projections.views import Touched
from streams.indexing.assembly import OnSale
from streams.indexing.standing import DAY_MS, DAYS, Standing
from tests.domain.corpus.examples import TODAY
from tests.waiting import until

ADDED = next(event for event in TODAY if isinstance(event, ItemAdded))
PLACED = next(event for event in TODAY if isinstance(event, OrderPlaced))
PRODUCT = PLACED.quote.lines[0].product_id
NOW = 100 * DAY_MS


class Indexer:
    """An indexer that writes, or not."""

    def __init__(self) -> None:
        self.writing = True
        self.touched: list[set[str]] = []

    def touch(self, product_ids: set[str]) -> bool:
        if self.writing:
            self.touched.append(set(product_ids))
        return self.writing


async def write(log: MemoryLog, *events: Event, at: int = NOW) -> list[Recorded]:
    head = await log.head()
    meta = Meta(at, at, "", "", "", "", "", b"")
    pairs = [record(head + n, f"crt_{head + n}", 1, event, meta) for n, event in enumerate(events, 1)]
    transaction = await log.begin()
    await transaction.append([row for _, row in pairs], (), ())
    await transaction.commit()
    await transaction.rollback()
    return [recorded for recorded, _ in pairs]


@asynccontextmanager
async def standing(log: MemoryLog, indexer: Indexer, at: list[int]) -> AsyncIterator[Standing]:
    counted = Standing(log, lambda: at[0], plain, begin_s=0.0, pace_s=0.01)
    counted.touch = indexer.touch  # type: ignore[assignment]  # a set is what it is told
    await counted.start()
    try:
        yield counted
    finally:
        await counted.close()


def plain(one: OnSale) -> SearchDocument:
    return SearchDocument(product_id=one.product_id, title="")


def document(counted: Standing) -> SearchDocument:
    return counted.describe(OnSale(PRODUCT, cast("Any", None), ()))


async def test_what_was_sold_before_the_start_counts_and_what_is_sold_after() -> None:
    log, indexer = MemoryLog(), Indexer()
    await write(log, ADDED, PLACED)
    async with standing(log, indexer, [NOW]) as counted:
        await until(lambda: len(indexer.touched) >= 1)
        assert PRODUCT in indexer.touched[0]
        assert counted.position == await log.head()
        assert document(counted).popularity == 1.0
        before = document(counted).conversion
        assert before == merits_of({PRODUCT: 1}, {PRODUCT: 1})[PRODUCT].conversion
        for event in await write(log, *[PLACED] * 20):
            counted.applied([event], Touched())
        assert counted.position == await log.head() > 2
        await until(lambda: len(indexer.touched) >= 2)
        assert document(counted).conversion > before


async def test_what_moves_less_than_a_step_is_not_told() -> None:
    log, indexer = MemoryLog(), Indexer()
    await write(log, *[ADDED, PLACED] * 50)
    async with standing(log, indexer, [NOW]) as counted:
        await until(lambda: len(indexer.touched) >= 1)
        counted.applied(await write(log, PLACED), Touched())
        await asyncio.sleep(0.05)
        assert len(indexer.touched) == 1


async def test_what_has_not_been_read_yet_is_behind() -> None:
    log = MemoryLog()
    await write(log, ADDED, PLACED)
    counted = Standing(log, lambda: NOW, plain, begin_s=60.0)
    await counted.start()
    counted.applied(await write(log, PLACED), Touched())
    assert counted.position == 0
    await counted.close()


async def test_what_sold_long_ago_is_forgotten() -> None:
    log, indexer, at = MemoryLog(), Indexer(), [NOW]
    await write(log, PLACED)
    async with standing(log, indexer, at) as counted:
        await until(lambda: len(indexer.touched) >= 1)
        at[0] += DAYS * DAY_MS
        await until(lambda: len(indexer.touched) >= 2)
        assert document(counted).popularity == 0.0


async def test_whoever_begins_to_write_is_told() -> None:
    log, indexer = MemoryLog(), Indexer()
    indexer.writing = False
    await write(log, PLACED)
    async with standing(log, indexer, [NOW]):
        await asyncio.sleep(0.05)
        indexer.writing = True
        await until(lambda: len(indexer.touched) >= 1)


async def test_another_index_is_told_all_of_it_again() -> None:
    """Whoever built it, or wrote it before, knew other merits or none."""
    log, indexer = MemoryLog(), Indexer()
    await write(log, *[ADDED, PLACED] * 50)
    async with standing(log, indexer, [NOW]) as counted:
        await until(lambda: len(indexer.touched) == 1)
        indexer.writing = False
        counted.tell_anew()
        await asyncio.sleep(0.03)
        indexer.writing = True
        await until(lambda: len(indexer.touched) == 2)
        assert PRODUCT in indexer.touched[0] == indexer.touched[1]
        await asyncio.sleep(0.03)
        assert len(indexer.touched) == 2, "and only once"


async def test_a_log_that_is_away_is_read_later_and_nothing_is_counted_twice() -> None:
    log, indexer, real = MemoryLog(), Indexer(), MemoryLog.read
    other = next(event for event in TODAY if isinstance(event, ItemAdded))
    await write(log, PLACED, *[other] * 3_000)
    failing = iter([False, True, True])

    async def away(after: int, limit: int) -> Any:
        if next(failing, False):
            raise StorageUnavailable("gone")
        return await real(log, after, limit)

    log.read = away  # type: ignore[method-assign, assignment]
    async with standing(log, indexer, [NOW]) as counted:
        await until(lambda: indexer.touched)
        assert counted._carted[NOW // DAY_MS].total() == 3_000
        assert counted._ordered[NOW // DAY_MS][PRODUCT] == 1
