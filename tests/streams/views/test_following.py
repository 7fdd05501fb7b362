"""The reading side's progress over several partitions, polled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from projections.views import ViewsUnavailable
from streams.views import following
from streams.views.following import Following, Together
from streams.views.reached import Reached
from tests.waiting import until


class Store:
    def __init__(self) -> None:
        self.at: dict[int, int] = {}
        self.away = False
        self.asked = 0

    async def progress(self) -> dict[int, int]:
        self.asked += 1
        if self.away:
            raise ViewsUnavailable("planted")
        return dict(self.at)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def followed(store: Store) -> AsyncIterator[Following]:
    started = Following(store.progress, 2)
    await started.start()
    yield started
    await started.close()


async def test_as_far_as_the_last_partition(store: Store, followed: Following):
    store.at = {0: 10}
    assert not await followed.wait_for(1, 0.1), "nobody has begun the other one"
    store.at[1] = 7
    assert await followed.wait_for(7, 5)
    assert followed.position == 7
    assert not await followed.wait_for(8, 0.1)


async def test_many_who_wait_share_the_polls(store: Store, followed: Following):
    store.at = {0: 1, 1: 1}
    await asyncio.gather(*(followed.wait_for(2, 0.3) for _ in range(100)))
    assert 3 <= store.asked <= 0.3 / following.AWAITED_S + 5


async def test_rarely_while_nobody_waits(store: Store, followed: Following):
    await asyncio.sleep(0.3)
    assert store.asked <= 2


async def test_a_store_that_is_away_leaves_it_where_it_was(store: Store, followed: Following):
    store.at = {0: 5, 1: 5}
    assert await followed.wait_for(5, 5)
    store.away = True
    assert not await followed.wait_for(6, 0.1)
    assert followed.position == 5
    store.away, store.at = False, {0: 6, 1: 6}
    assert await followed.wait_for(6, 5)


async def test_it_says_that_its_store_is_away_and_tells_the_log_once(store: Store, followed: Following):
    store.at = {0: 5, 1: 5}
    assert await followed.wait_for(5, 5)
    assert not followed.away
    with capture_logs() as logged:
        store.away = True
        asked = store.asked
        await until(lambda: store.asked > asked + 2)
        assert followed.away
        store.away = False
        await until(lambda: not followed.away)
    assert [entry["event"] for entry in logged] == ["progress_unknown", "progress_known"]


async def test_one_that_lost_rows_counts_as_away_until_it_has_them_again(store: Store, followed: Following):
    store.at = {0: 5, 1: 5}
    assert await followed.wait_for(5, 5)
    store.at = {0: 1}
    await until(lambda: followed.away)
    store.at = {0: 5, 1: 5}
    await until(lambda: not followed.away)


async def test_it_falls_with_a_store_that_lost_its_rows(store: Store, followed: Following):
    store.at = {0: 5, 1: 5}
    assert await followed.wait_for(5, 5)
    store.at = {}
    await followed.wait_for(6, 0.1)
    assert followed.position == 0


async def test_several_stores_are_as_far_as_the_last():
    first, second = Reached(1), Reached(1)
    both = Together(first, second)
    first.advance(0, 9)
    second.advance(0, 4)
    assert both.position == 4
    assert not await both.wait_for(5, 0.05)
    asyncio.get_running_loop().call_soon(second.advance, 0, 6)
    assert await both.wait_for(6, 5)
