"""The journal: balanced, in order, once; and the rate that was in force."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.books.ledger import (
    CUSTOMER,
    JOURNAL,
    LEDGER,
    PROVIDER,
    CommissionSet,
    Journal,
    LedgerPosted,
    Posting,
    PostTransactions,
    SetCommission,
    Transaction,
)
from domain.errors import Invalid
from domain.money import PPM
from tests.spec import given

POSTINGS = (Posting(PROVIDER, 500, "payment"), Posting(CUSTOMER, -500, "payment"))
FIRST = Transaction("pay_1/5", 7, "captured", "ord_1", 500, "USD", 1, POSTINGS)
SECOND = replace(FIRST, cause="pay_2/5", position=9)


def post(*transactions: Transaction) -> PostTransactions:
    return PostTransactions(JOURNAL, transactions)


def test_each_transaction_is_posted_once() -> None:
    after = given(LEDGER).when(post(FIRST)).then(LedgerPosted((FIRST,)))
    after.when(post(FIRST)).then_nothing()
    after = after.when(post(FIRST, SECOND)).then(LedgerPosted((SECOND,)))
    assert after.state.upto == 9
    given(LEDGER).when(post()).then_nothing()


@pytest.mark.parametrize(
    "transactions",
    [
        (replace(FIRST, postings=POSTINGS[:1]),),
        (FIRST, replace(SECOND, postings=(*POSTINGS, Posting("tax", 1, "tax")))),
        (SECOND, FIRST),
        (FIRST, FIRST),
    ],
)
def test_what_does_not_sum_to_zero_or_is_out_of_order_is_not_posted(transactions: tuple[Transaction, ...]) -> None:
    given(LEDGER).when(post(*transactions)).then_refused(Invalid)


def test_a_rate_holds_from_where_it_was_set() -> None:
    known = LedgerPosted((FIRST,))
    five, ten = SetCommission(JOURNAL, 50_000, 3), SetCommission(JOURNAL, 100_000, 5)
    given(LEDGER).when(SetCommission(JOURNAL, 0, 3)).then_nothing()
    after = given(LEDGER).when(five).then(CommissionSet(50_000, 3))
    after.when(replace(five, since=9)).then_nothing()
    changed = given(LEDGER, CommissionSet(50_000, 3), known).when(ten).then(CommissionSet(100_000, 7)).state
    assert [changed.rate_at(position) for position in (3, 4, 7, 8, 99)] == [0, 50_000, 50_000, 100_000, 100_000]
    assert Journal().rate_at(5) == 0


@pytest.mark.parametrize("rate", [-1, 1_000_001])
def test_a_rate_is_a_part_of_the_whole(rate: int) -> None:
    given(LEDGER).when(SetCommission(JOURNAL, rate, 0)).then_refused(Invalid)


def test_all_of_a_price_may_be_commission() -> None:
    given(LEDGER).when(SetCommission(JOURNAL, PPM, 3)).then(CommissionSet(PPM, 3))
