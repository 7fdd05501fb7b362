"""Orders as a sink shows them, beside what embedded views show."""

from __future__ import annotations

from kontor.bench.orders import SHOPS, account
from projections.cassandraviews.sink import CassandraSink
from projections.orders.projector import account_and_status
from projections.sqlite import SQLiteViews

LISTS = [
    *(("orders", "account", account(number)) for number in range(0, 100, 9)),
    *(("orders", "account_status", account_and_status(account(number), "PAID")) for number in range(0, 100, 9)),
    *(("shop_orders", "shop", f"shp_{number}") for number in range(SHOPS)),
]


async def assert_same(sink: CassandraSink, expected: SQLiteViews) -> None:
    for table in ("orders", "payments", "shop_orders"):
        rows = {key: kept.row for key, kept in expected.walk(table)}
        assert await sink.get_many(table, list(rows)) == rows
    for table, index, owner in LISTS:
        for backwards in (False, True):
            wanted = await expected.listed(table, index, owner, limit=1_000, backwards=backwards)
            assert wanted
            assert await sink.listed(table, index, owner, limit=1_000, backwards=backwards) == wanted
    for table, index in (("orders", "account"), ("orders", "account_status"), ("shop_orders", "shop")):
        assert await sink.counts(table, index) == await expected.counts(table, index)
    assert await sink.count("shop_orders", "shop", "shp_1") == await expected.count("shop_orders", "shop", "shp_1")
