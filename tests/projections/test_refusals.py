"""Refunds that came to nothing: which stand in which list, and which leave it."""

from __future__ import annotations

from typing import Any

from domain.money import Money
from domain.payments.payment import PaymentRefunded, RefundRefused, RefundRequested
from domain.recorded import Meta, Recorded
from projections.folding import Kept, fold_events
from projections.refusals.projector import REFUSAL_ROWS, RefusalRow

FIVE, SIX = Money(500, "USD"), Money(600, "USD")
ASKED = RefundRequested(FIVE, "ch_1", "damaged", "rfd_1")
REFUSED = RefundRefused("rfd_1", "unknown_charge")
PAID = PaymentRefunded(FIVE, "rfd_1")
LOST = RefundRefused("rfd_1", "disputed", SIX)


def folded(*events: Any) -> RefusalRow | None:
    stream = [
        Recorded(n, "pay_1", n, event, Meta(10 * n, 10 * n, "", "", "", "", "", b""), b"")
        for n, event in enumerate(events, 1)
    ]
    rows: dict[str, Kept] = {}
    changed, parked = fold_events(REFUSAL_ROWS, stream, rows.get, {})
    assert parked == []
    (row,) = {one.row for one in changed.values()}
    return row


def listed(*events: Any) -> tuple[str | None, int]:
    """Whose list it stands in, and where."""
    row, index = folded(*events), REFUSAL_ROWS.indexes["status"]
    assert row is not None
    assert index.order is not None
    return index.owner("", row), index.order("", row)


def test_what_is_refused_waits_in_the_list_and_leaves_it_when_it_is_tried_again() -> None:
    assert listed(ASKED)[0] is None
    assert listed(ASKED, REFUSED) == ("refused", 20)
    assert listed(ASKED, REFUSED, ASKED)[0] is None
    assert listed(ASKED, REFUSED, ASKED, REFUSED) == ("refused", 40)
    row = folded(ASKED, REFUSED, ASKED, REFUSED)
    assert row is not None
    assert (row.asked_at, row.amount, row.reason, row.refusal) == (10, FIVE, "damaged", "unknown_charge")


def test_what_is_paid_out_has_no_row() -> None:
    assert folded(ASKED, PAID) is None
    assert folded(ASKED, REFUSED, ASKED, PAID) is None


def test_what_a_dispute_had_taken_before_is_in_a_list_of_its_own() -> None:
    assert listed(LOST) == ("lost", 10)
    row = folded(LOST)
    assert row is not None
    assert (row.amount, row.reason, row.refusal) == (SIX, "", "disputed")


def test_a_refusal_of_what_was_never_asked_for_is_nothing() -> None:
    assert folded(REFUSED) is None
