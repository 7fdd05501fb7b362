"""Rows of orders in the embedded store: what comes after the sale, and in which lists it is then found."""

from __future__ import annotations

from pathlib import Path

from kontor.bench.orders import account, lives
from projections.orders.projector import ORDERS, account_and_status
from projections.sqlite import SQLiteViews
from tests.projections.aftersale import after_the_sale


async def test_what_comes_after_the_sale(tmp_path: Path) -> None:
    events = list(lives(4))
    since = after_the_sale(events)
    views = SQLiteViews(tmp_path / "views.db", [ORDERS])
    views.apply(["orders"], events)
    views.apply(["orders"], since)
    folded = {key: kept.row for key, kept in views.walk("orders")}
    first, second = events[0].stream, events[1].stream
    for number, status, order_id in ((0, "REFUNDED", first), (1, "CANCELLED", second)):
        owner = account_and_status(account(number), status)
        listed = await views.listed("orders", "account_status", owner, limit=10)
        assert [entry.key for entry in listed] == [order_id]
        assert (
            await views.listed("orders", "account_status", account_and_status(account(number), "PAID"), limit=10) == []
        )
    assert {key: one.status for key, one in folded[first].order.returns.items()} == {
        "ret_1": "received",
        "ret_2": "rejected",
    }
    assert list(folded[first].order.refunds) == ["rfd_1", "rfd_2"]
    assert folded[second].order.cancellations["can_2"].units == {"lin_1_0": 1}
    payments = {key: kept.row.payment for key, kept in views.walk("payments")}
    paid = payments["pay_" + first.removeprefix("ord_")]
    assert {key: one.status for key, one in paid.refunds.items()} == {"rfd_1": "refused", "rfd_2": "refunded"}
    views.close()
    again = SQLiteViews(tmp_path / "views.db", [ORDERS])
    assert {key: kept.row for key, kept in again.walk("orders")} == folded
    again.close()
