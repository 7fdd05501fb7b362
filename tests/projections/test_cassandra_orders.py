"""Orders in Cassandra: history by account and month, sellers' lists, the timeline archive, a rebuild."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from domain.recorded import Recorded
from kontor.bench.orders import account, lives
from projections.cassandraviews.settings import CassandraSettings
from projections.cassandraviews.sink import CassandraSink
from projections.orders.projector import ORDERS, account_and_status
from projections.projector import Projection
from projections.sink import RowsLost
from projections.sqlite import SQLiteViews
from projections.views import Entry, Place, ViewsUnavailable
from tests.cassandra import drop, empty, keyspace
from tests.projections.aftersale import after_the_sale
from tests.projections.cassandra_sinks import opened
from tests.projections.comparing import assert_same

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
ORDERS_MADE = 330
"""Of 100 accounts that take turns: three each, and some four, in a year and a half."""


@pytest.fixture(scope="module")
def settings() -> Iterator[CassandraSettings]:
    with keyspace("test_orders") as settings:
        yield settings


@pytest.fixture(scope="module")
def events() -> list[Recorded]:
    return list(lives(ORDERS_MADE, every_ms=40 * 3_600_000))


@pytest.fixture
def expected(events: list[Recorded], tmp_path: Path) -> Iterator[SQLiteViews]:
    """The fold of the same events in the embedded store."""
    views = SQLiteViews(tmp_path / "views.db", [ORDERS])
    views.apply(["orders"], events)
    yield views
    views.close()


@pytest.fixture
async def sink(settings: CassandraSettings, events: list[Recorded]) -> AsyncIterator[CassandraSink]:
    async with opened(settings, ORDERS) as sink:
        empty(settings)
        await write(sink, events)
        yield sink


async def write(sink: CassandraSink, events: list[Recorded], size: int = 500) -> None:
    for start in range(0, len(events), size):
        some = events[start : start + size]
        await sink.write(0, some[-1].position, some)


async def test_the_same_as_in_the_embedded_store(sink: CassandraSink, expected: SQLiteViews):
    await assert_same(sink, expected)
    assert await sink.parked() == []


async def test_what_comes_after_the_sale(sink: CassandraSink, events: list[Recorded], expected: SQLiteViews):
    since = after_the_sale(events)
    await write(sink, since, size=5)
    expected.apply(["orders"], since)
    await assert_same(sink, expected)
    assert await sink.parked() == []
    refunded = account_and_status(account(0), "REFUNDED")
    listed = await sink.listed("orders", "account_status", refunded, limit=10)
    assert [entry.key for entry in listed] == [events[0].stream]
    assert listed[0].row.order.returns["ret_1"].status == "received"


async def test_pages_go_from_month_to_month_and_back(sink: CassandraSink, expected: SQLiteViews):
    everything = await expected.listed("shop_orders", "shop", "shp_3", limit=1_000, backwards=True)

    async def walk(after: Place | None, backwards: bool) -> list[Entry]:
        walked: list[Entry] = []
        while True:
            page = await sink.listed("shop_orders", "shop", "shp_3", limit=7, after=after, backwards=backwards)
            walked += page
            if len(page) < 7:
                return walked
            after = Place(page[-1].row.placed_at, page[-1].key)

    assert len(everything) > 60
    assert await walk(None, True) == everything
    assert await walk(None, False) == everything[::-1]
    last = everything[-1]
    assert await walk(Place(last.row.placed_at, last.key), False) == everything[:-1][::-1]


async def test_the_archive_has_every_event_of_an_order(sink: CassandraSink, events: list[Recorded]):
    order_id = events[0].stream
    mine = [event for event in events if event.meta.correlation == order_id]
    assert len(mine) == 11
    assert await sink.timeline(order_id) == mine
    assert await sink.timeline("ord_nowhere") == []


async def test_a_projection_that_is_new_is_folded_while_the_others_stand(
    sink: CassandraSink, settings: CassandraSettings, events: list[Recorded], expected: SQLiteViews
):
    newer = Projection(ORDERS.name, ORDERS.version + 1, ORDERS.tables)
    async with opened(settings, newer) as other:
        assert await other.progress() == {}, "the archive is there, the projection is not"
        await write(other, events)
        await assert_same(other, expected)
        assert await other.progress() == await sink.progress() == {0: events[-1].position}


async def test_a_keyspace_that_is_dropped_is_folded_anew(
    sink: CassandraSink, settings: CassandraSettings, events: list[Recorded], expected: SQLiteViews
):
    """Nobody goes on in the middle as if nothing had happened."""
    drop(settings)
    more = list(lives(ORDERS_MADE + 20, every_ms=40 * 3_600_000))[len(events) :]
    with pytest.raises(ViewsUnavailable):  # the tables are missing, and are made anew meanwhile
        await sink.write(0, more[-1].position, more)
    assert await sink.connection.wait(60)
    for _ in range(2):
        with pytest.raises(RowsLost):
            await sink.write(0, more[-1].position, more)
    assert await sink.progress() == {}
    await write(sink, events)
    await assert_same(sink, expected)
    assert await sink.progress() == {0: events[-1].position}
