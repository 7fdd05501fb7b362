"""The ledger's rows: accounts add up, sellers see what is theirs, and a repetition changes nothing."""

from __future__ import annotations

from typing import Any

from domain.books.ledger import CUSTOMER, FEES, PROVIDER, seller
from domain.recorded import Recorded
from projections.folding import Kept, fold_events
from projections.ledger.projector import ACCOUNT_ROWS, ENTRY_ROWS
from tests.projections.journal import posted, transaction

ONE, TWO = seller("shp_1"), seller("shp_2")


SOLD = transaction(
    1,
    "captured",
    (CUSTOMER, 1000, "sale"),
    (ONE, -600, "goods"),
    (ONE, -50, "shipping"),
    (ONE, 60, "fee"),
    (FEES, -60, "fee"),
    (TWO, -350, "goods"),
    (PROVIDER, 1000, "payment"),
    (CUSTOMER, -1000, "payment"),
)
BACK = transaction(2, "refunded", (ONE, 100, "goods"), (PROVIDER, -100, "payment"))
ELSEWHERE = transaction(3, "captured", (ONE, -7, "goods"), (PROVIDER, 7, "payment"), currency="EUR")
EVENTS = [posted(11, SOLD), posted(12, BACK, ELSEWHERE)]


def rows(table: Any, *batches: list[Recorded]) -> dict[str, Any]:
    kept: dict[str, Kept] = {}
    for events in batches:
        folded = fold_events(table, events, kept.get, {})
        assert folded.parked == []
        kept |= folded.changed
    return {key: one.row for key, one in kept.items()}


def test_accounts_add_up_by_currency_however_the_events_come():
    for batches in ([EVENTS], [[event] for event in EVENTS], [EVENTS, EVENTS]):
        found = rows(ACCOUNT_ROWS, *batches)
        standing = {key: (row.debits, row.credits, row.balance) for key, row in found.items()}
        assert standing == {
            "customer/USD": (1000, 1000, 0),
            "provider/USD": (1000, 100, 900),
            "provider/EUR": (7, 0, 7),
            "fees/USD": (0, 60, -60),
            "seller:shp_1/USD": (160, 650, -490),
            "seller:shp_1/EUR": (0, 7, -7),
            "seller:shp_2/USD": (0, 350, -350),
        }
        for currency in ("USD", "EUR"):
            assert sum(row.balance for row in found.values() if row.currency == currency) == 0


def test_a_seller_sees_what_each_movement_brought():
    found = rows(ENTRY_ROWS, EVENTS)
    brought = {key: (row.order_id, row.kind, row.currency, row.amounts) for key, row in found.items()}
    assert brought == {
        "shp_1/pay_1/5": ("ord_1", "captured", "USD", {"goods": 600, "shipping": 50, "fee": -60}),
        "shp_2/pay_1/5": ("ord_1", "captured", "USD", {"goods": 350}),
        "shp_1/pay_2/5": ("ord_2", "refunded", "USD", {"goods": -100}),
        "shp_1/pay_3/5": ("ord_3", "captured", "EUR", {"goods": 7}),
    }
    assert ENTRY_ROWS.prefixes == ACCOUNT_ROWS.prefixes == {"led"}
