"""What the provider says against what the log says: every kind of difference, and none where all agrees."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.books.difference import ADVICE, WORDS, Difference, explanation
from domain.books.reconciliation import Movement, Window, differences, disputed, in_doubt
from domain.money import Money
from domain.orders import order, shipment
from domain.orders.tender import Covered
from domain.payments import payment
from tests.domain.books.bothsides import (
    ALWAYS,
    ASKED,
    AUTHORIZED,
    BOUGHT,
    CANCELLED,
    CHARGE,
    DISPUTED,
    HALF,
    LOST,
    ORDER,
    OWED,
    PAID,
    PLACED,
    PRICE,
    REFUNDED,
    REFUNDING,
    TAKEN,
    WON,
    books,
    compared,
    moved,
)
from tests.domain.corpus.parts import QUOTE

ASKED_BACK = payment.RefundRequested(HALF, CHARGE, "late", "ref_1")
IN_PART = payment.DisputeOpened("dp_1", Money(1500, "USD"), "fraudulent", 1)
LOST_IN_PART = payment.DisputeLost("dp_1", Money(1500, "USD"), 2)


# nothing to say


@pytest.mark.parametrize(
    ("events", "movements"),
    [
        ((), ()),
        (BOUGHT, TAKEN),
        ((*BOUGHT, OWED, ASKED_BACK), TAKEN),
        ((*BOUGHT, OWED, ASKED_BACK, payment.PaymentRefunded(HALF, "ref_1")), (*TAKEN, moved("refund", 500))),
        ((PLACED, ASKED, payment.PaymentDeclined("card_declined"), CANCELLED), ()),
        ((*BOUGHT, CANCELLED, REFUNDING, REFUNDED), (*TAKEN, moved("refund"))),
        (
            (PLACED, ASKED, AUTHORIZED, CANCELLED, payment.VoidRequested(CHARGE, "expired"), payment.PaymentVoided()),
            (moved("authorize"), moved("void")),
        ),
        ((PLACED, ASKED), (moved("authorize"),)),
        ((PLACED, ASKED, AUTHORIZED), (moved("authorize"),)),
        (
            (*BOUGHT, payment.PaymentRefunded(Money(500, "USD")), payment.PaymentRefunded(Money(99, "USD"))),
            (*TAKEN, moved("refund", 99), moved("refund", 500)),
        ),
        ((*BOUGHT, DISPUTED), (*TAKEN, moved("dispute"))),
        ((*BOUGHT, DISPUTED, WON), (*TAKEN, moved("dispute"), moved("reinstatement"))),
        ((*BOUGHT, DISPUTED, LOST), (*TAKEN, moved("dispute"))),
        ((*BOUGHT, DISPUTED, OWED), (*TAKEN, moved("dispute"))),
        ((*BOUGHT, DISPUTED, CANCELLED, LOST), (*TAKEN, moved("dispute"))),
        # The rest goes back once the bank has decided, and so does a refund that is more than what is left.
        ((*BOUGHT, IN_PART, CANCELLED), (*TAKEN, moved("dispute", 1500))),
        ((*BOUGHT, IN_PART, replace(OWED, amount=Money(1800, "USD"))), (*TAKEN, moved("dispute", 1500))),
    ],
)
def test_what_agrees_is_no_difference(events: Any, movements: Any) -> None:
    assert compared(books(*events), *movements) == []


def test_an_order_without_a_payment_and_without_a_charge_is_nobodys_business() -> None:
    assert compared(books(PLACED)) == []
    assert compared(None) == []


# each kind


@pytest.mark.parametrize(
    ("events", "movements", "expected"),
    [
        ((), TAKEN, [("unknown_charge", 0, 1999)]),
        ((), (moved("authorize"),), [("unknown_charge", 0, 1999)]),
        ((), (moved("authorize"), moved("void")), []),
        ((), (*TAKEN, moved("refund")), []),
        ((PLACED,), TAKEN, [("unknown_charge", 0, 1999)]),
        (BOUGHT, (), [("capture_missing", 1999, 0)]),
        (BOUGHT, (moved("authorize"),), [("capture_missing", 1999, 0)]),
        (BOUGHT, (moved("authorize"), moved("capture", 1990)), [("capture_missing", 1999, 1990)]),
        (BOUGHT, (moved("authorize"), moved("capture", 2000)), [("capture_unrecorded", 1999, 2000)]),
        (BOUGHT[:3], TAKEN, [("capture_unrecorded", 0, 1999)]),
        (
            BOUGHT,
            (*TAKEN, moved("authorize", reference="ch_2"), moved("capture", reference="ch_2")),
            [("charged_twice", 1999, 3998)],
        ),
        (BOUGHT, (*TAKEN, moved("authorize", reference="ch_2")), [("still_held", 0, 1999)]),
        ((*BOUGHT, CANCELLED, REFUNDING, REFUNDED), TAKEN, [("refund_missing", 1999, 0)]),
        ((*BOUGHT, CANCELLED, REFUNDING, REFUNDED), (*TAKEN, moved("refund", 9)), [("refund_missing", 1999, 9)]),
        (BOUGHT, (*TAKEN, moved("refund", 500)), [("refund_unrecorded", 0, 500)]),
        (
            (PLACED, ASKED, AUTHORIZED, CANCELLED, payment.VoidRequested(CHARGE, "expired"), payment.PaymentVoided()),
            (moved("authorize"),),
            [("still_held", 0, 1999)],
        ),
        ((PLACED, ASKED, payment.PaymentDeclined("gone"), CANCELLED), (moved("authorize"),), [("still_held", 0, 1999)]),
        (BOUGHT, (moved("authorize", currency="EUR"), moved("capture", currency="EUR")), [("currency", 1999, 1999)]),
        ((PLACED, ASKED, AUTHORIZED, PAID), (moved("authorize"),), [("paid_without_capture", 1999, 0)]),
        (BOUGHT[:5], TAKEN, [("captured_without_order", 1999, 1999)]),
        ((*BOUGHT[:5], IN_PART), (*TAKEN, moved("dispute", 1500)), [("captured_without_order", 499, 499)]),
        (
            (*BOUGHT, IN_PART, CANCELLED, LOST_IN_PART),
            (*TAKEN, moved("dispute", 1500)),
            [("captured_without_order", 499, 499)],
        ),
        ((*BOUGHT, OWED), TAKEN, [("refund_owed", 500, 0)]),
        ((*BOUGHT, OWED, ASKED_BACK, payment.RefundRefused("ref_1", "no")), TAKEN, [("refund_owed", 500, 0)]),
        (
            (*BOUGHT, CANCELLED, REFUNDING, payment.RefundRefused("", "no")),
            TAKEN,
            [("captured_without_order", 1999, 1999)],
        ),
        ((*BOUGHT, CANCELLED), TAKEN, [("captured_without_order", 1999, 1999)]),
    ],
)
def test_what_differs_is_told(events: Any, movements: Any, expected: Any) -> None:
    known = books(*events) if events else None
    assert compared(known, *movements) == expected
    for found in differences(ORDER, known, movements, ALWAYS):
        said = explanation(found)
        assert "{" not in said
        assert ORDER in said
        assert str(found.theirs) in said or str(found.ours) in said


def test_every_kind_has_words_and_advice() -> None:
    assert WORDS.keys() == ADVICE.keys()


# borders


def test_a_statement_of_a_month_says_nothing_of_the_month_before() -> None:
    refunded_later = books(*BOUGHT, CANCELLED, REFUNDING, REFUNDED)
    month = Window(107, 10_000)
    assert compared(refunded_later, moved("refund", at=109), window=month) == []
    assert compared(refunded_later, window=month) == [("refund_missing", 1999, 0)]


@pytest.mark.parametrize(("at", "known"), [(40, False), (60, True), (140, True), (160, False)])
def test_near_a_border_either_side_may_be_right(at: int, known: bool) -> None:
    """The statement is of 100 to 150, and vague by 50: captures at 60 to 140 may be in it, or may not."""
    bought = books(*BOUGHT, at=at - 4)
    window = Window(100, 110, 50, 50)
    assert compared(bought, window=window) == []
    missing = [("capture_unrecorded", 0, 1999)]
    assert compared(bought, *TAKEN, window=window) == ([] if known else missing)


# what is only waited for


def test_what_the_provider_did_and_the_log_waits_for_is_in_doubt() -> None:
    assert in_doubt(books(PLACED, ASKED), [moved("authorize")]) == ["pay_1/1"]
    assert in_doubt(books(*BOUGHT[:4]), TAKEN) == ["pay_1/3"]
    assert in_doubt(books(*BOUGHT), TAKEN) == []


def test_so_is_an_authorization_that_was_given_up() -> None:
    given_up = books(PLACED, ASKED, payment.PaymentDeclined("provider_unavailable"), CANCELLED)
    assert in_doubt(given_up, [moved("authorize")]) == ["pay_1/1"]
    assert in_doubt(given_up, [moved("authorize", key="")]) == []


# all of it at once

amounts = st.integers(1, 1000)


@settings(max_examples=200, deadline=None)
@given(captured=amounts, refunds=st.lists(amounts, max_size=4), lost=st.sampled_from(["", "capture", "refund"]))
def test_whatever_is_lost_on_the_way_is_found(captured: int, refunds: list[int], lost: str) -> None:
    taken = Money(captured, "USD")
    events = [
        PLACED,
        payment.AuthorizationRequested(ORDER, taken, ""),
        AUTHORIZED,
        payment.PaymentCaptured(taken),
        PAID,
    ]
    known = books(*events, *(payment.PaymentRefunded(Money(amount, "USD")) for amount in refunds))
    movements = [moved("authorize", captured), moved("capture", captured), *(moved("refund", one) for one in refunds)]
    left = [one for one in movements if one.kind != lost]
    kinds = [kind for kind, _, _ in compared(known, *left)]
    assert kinds == ([f"{lost}_missing"] if len(left) < len(movements) else [])


def test_a_difference_is_plain_data() -> None:
    (found,) = differences(ORDER, books(*BOUGHT), (), ALWAYS)
    assert found == Difference("capture_missing", ORDER, CHARGE, PRICE, Money(0, "USD"), 102)


# disputes


def test_what_disputes_moved_is_compared() -> None:
    assert compared(books(*BOUGHT), *TAKEN, moved("dispute")) == [("dispute_unrecorded", 0, 1999)]
    assert compared(books(*BOUGHT, DISPUTED), *TAKEN) == [("dispute_missing", 1999, 0)]
    lost = books(*BOUGHT, DISPUTED, LOST)
    back = (*TAKEN, moved("dispute"), moved("reinstatement"))
    assert compared(lost, *back) == [("reinstatement_unrecorded", 0, 1999)]
    won = books(*BOUGHT, DISPUTED, WON)
    assert compared(won, *TAKEN, moved("dispute")) == [("reinstatement_missing", 1999, 0)]
    assert compared(books(*BOUGHT, DISPUTED, WON, OWED), *back) == [("refund_owed", 500, 0)]
    assert compared(books(*BOUGHT, DISPUTED, WON, CANCELLED), *back) == [("captured_without_order", 1999, 1999)]


def test_the_provider_is_asked_where_it_knows_more_or_may_have_decided() -> None:
    assert disputed(books(*BOUGHT), TAKEN) == []
    assert disputed(books(*BOUGHT), (*TAKEN, moved("dispute"))) == [CHARGE]
    assert disputed(books(*BOUGHT, DISPUTED), ()) == [CHARGE]
    assert disputed(books(*BOUGHT, DISPUTED, LOST), (*TAKEN, moved("dispute"))) == []
    assert disputed(books(PLACED, ASKED), (moved("dispute"),)) == [], "whose charge is not known"


# a gift card pays a part, of which the provider knows nothing


def test_what_a_gift_card_pays_is_no_difference():
    part = Money(QUOTE.totals.grand.amount - PRICE.amount, "USD")
    partly = replace(PLACED, gift_card=Covered("gft_1", part))
    assert books(partly).owed == PRICE
    assert compared(books(partly, *BOUGHT[1:]), *TAKEN) == []
    to_both = order.RefundGranted("ref_1", Money(700, "USD"), "late", 1, gift_card=Money(200, "USD"))
    back = payment.PaymentRefunded(HALF, "ref_1")
    paid_back = (*TAKEN, moved("refund", 500))
    assert compared(books(partly, *BOUGHT[1:], to_both, ASKED_BACK, back), *paid_back) == []


def test_an_order_that_a_gift_card_paid_for_wholly_has_no_payment_to_be_missed():
    wholly = replace(PLACED, gift_card=Covered("gft_1", QUOTE.totals.grand))
    owing = order.RefundGranted("ref_1", HALF, "late", 1, gift_card=HALF)
    for events in ((wholly,), (wholly, PAID), (wholly, PAID, owing), (wholly, PAID, CANCELLED)):
        assert compared(books(*events)) == []
    assert compared(books(wholly, PAID), moved("capture"))[0][0] == "unknown_charge"


# parcel by parcel

FIRST, SECOND = Money(1500, "USD"), Money(499, "USD")
BY_PARCEL = replace(PLACED, capture="parcel")


def part(number: int, amount: Money) -> tuple[Any, ...]:
    asked = payment.CaptureRequested(amount, CHARGE, f"shi_{number}")
    return asked, payment.PaymentCaptured(amount, f"shi_{number}")


STANDS = (BY_PARCEL, ASKED, AUTHORIZED)
ONE = (*STANDS, *part(1, FIRST), PAID, shipment.ShipmentPaid("shi_1", FIRST))
TWO = (*ONE, *part(2, SECOND), shipment.ShipmentPaid("shi_2", SECOND))
LET_GO = (*ONE, payment.VoidRequested(CHARGE, "rest"), payment.PaymentVoided(SECOND))


def took(*amounts: int) -> tuple[Movement, ...]:
    keys = (f"pay_1/{3 + 2 * number}" for number in range(len(amounts)))
    captures = (moved("capture", amount, key=key) for amount, key in zip(amounts, keys, strict=True))
    return (moved("authorize"), *captures)


@pytest.mark.parametrize(
    ("events", "movements"),
    [(ONE, took(1500)), (TWO, took(1500, 499)), (LET_GO, (*took(1500), moved("void", 499)))],
)
def test_several_captures_of_one_charge_agree(events: tuple[Any, ...], movements: tuple[Movement, ...]) -> None:
    assert compared(books(*events), *movements) == []


def test_of_several_captures_each_is_missed() -> None:
    assert compared(books(*TWO), *took(1500)) == [("capture_missing", 1999, 1500)]
    assert compared(books(*ONE), *took(1500, 499)) == [("capture_unrecorded", 1500, 1999)]


def test_what_the_provider_keeps_set_aside_is_seen() -> None:
    assert compared(books(*LET_GO), *took(1500)) == [("still_held", 0, 499)]


def test_a_parcel_that_counts_as_paid_was_taken() -> None:
    unpaid = (*ONE, shipment.ShipmentPaid("shi_2", SECOND))
    assert compared(books(*unpaid), *took(1500)) == [("paid_without_capture", 1999, 1500)]
    free = (*STANDS, PAID, shipment.ShipmentPaid("shi_1", Money(0, "USD")))
    assert compared(books(*free), moved("authorize")) == []


def test_an_answer_to_a_part_that_was_lost_is_asked_for() -> None:
    waiting = books(*ONE, payment.CaptureRequested(SECOND, CHARGE, "shi_2"))
    assert in_doubt(waiting, (moved("capture", 499, key=waiting.intent),)) == [waiting.intent]
