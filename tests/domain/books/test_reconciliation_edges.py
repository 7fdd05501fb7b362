"""Reconciliation at its edges: what only looks like a difference, and where a window of time begins and ends."""

from __future__ import annotations

import pytest

from domain.books.reconciliation import Window, charges_of, differences, in_doubt
from domain.money import Money
from domain.orders import order
from domain.payments import payment
from tests.domain.books.bothsides import (
    ALWAYS,
    ASKED,
    AUTHORIZED,
    BOUGHT,
    CANCELLED,
    CAPTURING,
    CHARGE,
    DISPUTED,
    HALF,
    LOST,
    ORDER,
    OWED,
    PAID,
    PLACED,
    REFUNDING,
    TAKEN,
    WON,
    books,
    compared,
    moved,
)


def test_only_an_authorization_is_in_doubt_after_it_was_given_up() -> None:
    given_up = books(PLACED, ASKED, payment.PaymentDeclined("provider_unavailable"))
    assert in_doubt(given_up, TAKEN) == ["pay_1/1"]
    refused = books(PLACED, ASKED, AUTHORIZED, CAPTURING, payment.PaymentDeclined("expired"))
    assert in_doubt(refused, TAKEN) == []
    assert in_doubt(books(PLACED, ASKED, AUTHORIZED), TAKEN) == []
    assert in_doubt(books(PLACED, ASKED), TAKEN) == ["pay_1/1"]


@pytest.mark.parametrize(
    ("at", "surely", "perhaps"),
    [
        (89, False, False),
        (90, False, True),
        (109, False, True),
        (110, True, True),
        (179, True, True),
        (180, False, True),
        (219, False, True),
        (220, False, False),
    ],
)
def test_the_borders_of_a_window_are_vague_to_both_sides(at: int, surely: bool, perhaps: bool) -> None:
    window = Window(100, 200, 10, 20)
    assert (window.surely(at), window.perhaps(at)) == (surely, perhaps)


def test_what_is_told_of_us_is_the_nearer_end_of_what_may_be() -> None:
    """One refund is surely in the statement, one perhaps."""
    known = books(*BOUGHT, payment.PaymentRefunded(Money(99, "USD")), payment.PaymentRefunded(HALF), at=994)
    window = Window(0, 1_002, 0, 1)
    assert compared(known, *TAKEN, moved("refund", 9), window=window) == [("refund_missing", 99, 9)]
    assert compared(known, *TAKEN, moved("refund", 700), window=window) == [("refund_unrecorded", 599, 700)]


def test_what_was_given_up_at_the_border_may_be_held_by_that_time() -> None:
    voided = (PLACED, ASKED, AUTHORIZED, CANCELLED, payment.VoidRequested(CHARGE, "expired"), payment.PaymentVoided())
    assert compared(books(*voided), moved("authorize"), window=Window(0, 105)) == []
    assert compared(books(*voided), moved("authorize"), window=Window(0, 106)) == [("still_held", 0, 1999)]


# what is not right in itself, and what only looks so


def test_what_costs_nothing_is_paid_without_money() -> None:
    nothing = Money(0, "USD")
    asked, taking = payment.AuthorizationRequested(ORDER, nothing, ""), payment.CaptureRequested(nothing, CHARGE)
    free = (PLACED, asked, AUTHORIZED, taking, payment.PaymentCaptured(nothing), PAID)
    assert compared(books(*free)) == []


def test_what_was_never_taken_is_not_owed_back() -> None:
    assert compared(books(PLACED, ASKED, AUTHORIZED, OWED), moved("authorize")) == []


def test_money_that_is_on_its_way_back_is_not_without_its_order() -> None:
    assert compared(books(*BOUGHT, CANCELLED, REFUNDING), *TAKEN) == []


def test_what_moved_at_the_border_may_have_been_right_by_then() -> None:
    found = [("captured_without_order", 1999, 1999)]
    assert compared(books(*BOUGHT[:5]), *TAKEN, window=Window(0, 105, 0, 1)) == []
    assert compared(books(*BOUGHT[:5]), *TAKEN, window=Window(0, 106, 0, 1)) == found


def test_a_difference_of_which_nothing_moved_has_no_time() -> None:
    (found,) = differences(ORDER, books(PLACED, ASKED, PAID), (), ALWAYS)
    assert (found.kind, found.at) == ("paid_without_capture", 0)


def test_what_moves_nothing_is_not_in_the_books() -> None:
    assert books(*BOUGHT[:2], order.OrderConfirmed()) == books(*BOUGHT[:2])


def test_a_charge_in_another_currency_is_told_once_with_what_was_taken() -> None:
    euros = (moved("authorize", currency="EUR"), moved("capture", 1000, currency="EUR"))
    assert compared(books(*BOUGHT), *TAKEN, *euros) == [("currency", 1999, 1000)]
    held = moved("authorize", reference="ch_2", currency="EUR")
    assert compared(books(*BOUGHT), *TAKEN, held) == [("currency", 1999, 1999)]


def test_an_authorization_that_nobody_asked_for_is_not_in_doubt() -> None:
    assert in_doubt(books(PLACED, ASKED), [moved("authorize", key="pay_1/9")]) == []


def test_what_was_authorized_before_the_window_is_not_held_below_nothing() -> None:
    (charge,) = charges_of([moved("capture")])
    assert (charge.authorized, charge.captured, charge.held) == (0, 1999, 0)


def test_an_order_that_is_not_sold_by_parcel_is_paid_by_a_part() -> None:
    known = books(PLACED, ASKED, AUTHORIZED, CAPTURING, payment.PaymentCaptured(HALF), PAID)
    assert compared(known, moved("authorize"), moved("capture", HALF.amount), moved("void", 1)) == []


def test_the_books_count_disputes_that_are_open() -> None:
    for events, count, kinds in (
        ((DISPUTED,), 1, ["dispute"]),
        ((DISPUTED, WON), 0, ["dispute", "reinstatement"]),
        ((DISPUTED, LOST), 0, ["dispute"]),
    ):
        known = books(*BOUGHT, *events)
        assert known.disputes == count
        assert [move.kind for move in known.moves] == ["authorize", "capture", *kinds]
