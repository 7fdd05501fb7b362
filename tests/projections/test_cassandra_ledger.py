"""The ledger in Cassandra is what it is in the embedded store: accounts, sellers' entries, pages, a repetition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from domain.books.ledger import PROVIDER, seller
from domain.recorded import Recorded
from projections.cassandraviews.settings import CassandraSettings
from projections.ledger.projector import LEDGER
from projections.sqlite import SQLiteViews
from projections.views import Place
from tests.cassandra import keyspace
from tests.projections.cassandra_sinks import opened
from tests.projections.journal import posted, transaction

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def settings() -> Iterator[CassandraSettings]:
    with keyspace("test_ledger") as settings:
        yield settings


@pytest.fixture(scope="module")
def events() -> list[Recorded]:
    """Sixty sales of three shops, two in an event, over some months."""
    made = [
        transaction(n, "captured", (PROVIDER, n, "payment"), (seller(f"shp_{n % 3}"), -n, "goods"))
        for n in range(1, 61)
    ]
    month = 31 * 86_400_000
    dated = [replace(one, at=n * month // 10) for n, one in enumerate(made)]
    return [posted(n + 1, *dated[2 * n : 2 * n + 2]) for n in range(30)]


async def test_every_store_says_the_same(settings: CassandraSettings, events: list[Recorded], tmp_path: Path) -> None:
    views = SQLiteViews(tmp_path / "views.db", [LEDGER])
    views.apply(["ledger"], events)
    async with opened(settings, LEDGER) as sink:
        for some in (events[:13], events[13:], events[13:]):
            await sink.write(0, some[-1].position, some)
        for table, index, owner in (
            ("ledger_accounts", "all", "all"),
            ("ledger_accounts", "account", seller("shp_1")),
            ("ledger_entries", "shop", "shp_2"),
        ):
            expected = await views.listed(table, index, owner, limit=1_000)
            assert expected
            assert await sink.listed(table, index, owner, limit=1_000) == expected
        newest = await sink.listed("ledger_entries", "shop", "shp_2", limit=7, backwards=True)
        after = Place(newest[-1].row.at, newest[-1].key)
        rest = await sink.listed("ledger_entries", "shop", "shp_2", limit=100, after=after, backwards=True)
        assert [*newest, *rest] == await views.listed("ledger_entries", "shop", "shp_2", limit=100, backwards=True)
    views.close()
