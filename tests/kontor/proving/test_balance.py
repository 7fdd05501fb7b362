"""`kontor verify` and the ledger: whatever does not balance, or is not what moved, is told."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from domain.books.ledger import (
    JOURNAL,
    LEDGER,
    CommissionSet,
    LedgerPosted,
    Transaction,
)
from domain.money import Money
from domain.payments.payment import AuthorizationRequested, PaymentAuthorized, PaymentCaptured, PaymentRefunded
from kontor.proving.balance import BookedCheck, LedgerCheck, Posted
from kontor.proving.verifying import verify
from tests.kontor.conftest import find, plant
from tests.kontor.proving.captures import CAPTURED, META, POSTINGS

PRICE = Money(500, "USD")
REFUNDED = replace(CAPTURED, cause="pay_1/4", position=9, kind="refunded")
MOVED: dict[int, Any] = {
    1: AuthorizationRequested("ord_1", PRICE, "pm_card_visa"),
    3: PaymentAuthorized("ch_1"),
    7: PaymentCaptured(PRICE),
    9: PaymentRefunded(PRICE),
}
"""By position; the versions are 1, 2, 3 and 4."""


def wrong(*transactions: Transaction, moved: dict[int, Any] = MOVED) -> tuple[list[str], int]:
    """What both checks say, and how many postings are left over."""
    posted = Posted()
    ledger, booked = LedgerCheck(posted), BookedCheck("pay_1", posted)
    state = LEDGER.initial
    said = [ledger(20, CommissionSet(5, 0), META, state, state)]
    said += [ledger(20 + i, LedgerPosted((one,)), META, state, state) for i, one in enumerate(transactions)]
    said += [booked(position, event, META, None, None) for position, event in moved.items()]
    return [one for one in said if one is not None], len(posted.missing)


def test_what_moved_and_is_posted_is_right() -> None:
    assert wrong(CAPTURED, REFUNDED) == ([], 0)


def test_what_is_not_posted_yet_is_no_mistake() -> None:
    assert wrong() == ([], 0)
    assert wrong(CAPTURED) == ([], 0)


def test_a_transaction_that_does_not_balance() -> None:
    said, _ = wrong(replace(CAPTURED, postings=POSTINGS[:1]))
    assert said[0] == "the transaction of pay_1/3 sums to 500"


def test_one_that_is_posted_twice() -> None:
    said, _ = wrong(CAPTURED, CAPTURED)
    assert said == ["the transaction of pay_1/3 is posted a second time, or out of order"]


def test_a_movement_that_was_left_out() -> None:
    said, _ = wrong(REFUNDED)
    assert said == ["5.00 USD captured, and the ledger does not have it so"]


def test_one_that_is_posted_with_another_amount_or_kind() -> None:
    for change in ({"amount": 400}, {"currency": "EUR"}, {"kind": "refunded"}, {"cause": "pay_1/2"}):
        said, left = wrong(replace(CAPTURED, **change))
        assert said == ["5.00 USD captured, and the ledger does not have it so"]
        assert left == 1


def test_one_that_never_was() -> None:
    moved = {position: event for position, event in MOVED.items() if position < 9}
    assert wrong(CAPTURED, replace(REFUNDED, cause="pay_9/9"), moved=moved) == ([], 1)


def test_a_journal_that_was_made_up_is_found(path: Any, connection: Any) -> None:
    moved = find(connection, PaymentCaptured)
    amount = moved.event.amount
    good = replace(CAPTURED, cause=moved.event_id, position=moved.position, amount=amount.amount)
    good = replace(good, currency=amount.currency)
    plant(connection, JOURNAL, LedgerPosted((good,)))
    before = [one.what for one in verify(path).problems]
    assert all("the ledger does not have it so" in what for what in before)  # of payments before it
    again = replace(good, position=moved.position + 1)
    position = plant(connection, JOURNAL, LedgerPosted((again,)))
    plant(connection, JOURNAL, LedgerPosted((replace(again, cause="pay_nobody/1"),)))
    said = {one.position: one.what for one in verify(path).problems}
    assert "posted a second time" in said[position]
    assert said[None] == "the ledger posts 1 movements of money that the log does not hold"
