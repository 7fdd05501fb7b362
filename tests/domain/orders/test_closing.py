"""When an order is over, as a specification."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.money import Money
from domain.orders import order
from domain.orders.closing import is_over
from domain.orders.refund import RefundGranted
from domain.orders.tender import Covered
from domain.payments import payment
from domain.payments.dispute import DisputeLost, DisputeOpened, DisputeWon
from domain.payments.payment import PAYMENT
from tests.domain.orders.goingback import APPROVED, ARRIVED, INK, PENS, RECEIVED, REJECTED, REQUESTED, WINDOW, sent
from tests.domain.orders.twosellers import GRAND, a_paid_order, placed
from tests.spec import given

LATER = ARRIVED + WINDOW + 1
PART = Money(1, GRAND.currency)
ASKED = payment.AuthorizationRequested("ord_1", GRAND, "pm_card_visa")
AUTHORIZED = payment.PaymentAuthorized("ch_1")
CAPTURED = (ASKED, AUTHORIZED, payment.CaptureRequested(GRAND, "ch_1"), payment.PaymentCaptured(GRAND))
GRANTED = RefundGranted("rfd_1", PART, "late", 9)
BACK = payment.RefundRequested(PART, "ch_1", "late", "rfd_1")
PAID_BACK = payment.PaymentRefunded(PART, "rfd_1")
REFUSED = payment.RefundRefused("rfd_1", "unknown_charge")
ALL_BACK = (payment.RefundRequested(GRAND, "ch_1", "cancelled"), payment.PaymentRefunded(GRAND))
OPENED = DisputeOpened("dp_1", GRAND, "fraudulent", 9)
WON, LOST = DisputeWon("dp_1", GRAND, 10), DisputeLost("dp_1", GRAND, 10)
LOST_REFUND = payment.RefundRefused("rfd_1", "disputed", PART)


def over(state: order.Order, *money: Any, at: int = LATER) -> bool:
    return is_over(state, given(PAYMENT, *money).state, at, WINDOW)


def sold(*since: Any) -> order.Order:
    state: order.Order = a_paid_order(*since).state
    return state


def test_delivered_it_is_over_when_nothing_can_be_returned_any_more() -> None:
    assert over(sold(*PENS, *INK), *CAPTURED)
    assert not over(sold(*PENS, *INK), *CAPTURED, at=LATER - 1)
    assert not over(sold(*PENS), *CAPTURED), "the ink is still to come"
    assert not over(sold(*PENS, *INK[:2]), *CAPTURED), "it is on its way"
    assert not over(sold(), *CAPTURED)


@pytest.mark.parametrize(
    ("of_it", "expected"),
    [((), False), ((APPROVED,), False), ((REJECTED,), True), ((APPROVED, RECEIVED), True)],
    ids=["requested", "approved", "rejected", "received"],
)
def test_a_return_that_is_under_way_keeps_it_open(of_it: Any, expected: bool) -> None:
    assert over(sold(*PENS, *INK, REQUESTED, *of_it), *CAPTURED) is expected


@pytest.mark.parametrize(
    ("money", "expected"),
    [((), False), ((BACK,), False), ((BACK, PAID_BACK), True), ((BACK, REFUSED), False)],
    ids=["owed", "asked for", "paid back", "refused"],
)
def test_what_is_owed_back_keeps_it_open(money: Any, expected: bool) -> None:
    assert over(sold(*PENS, *INK, GRANTED), *CAPTURED, *money) is expected


@pytest.mark.parametrize(
    ("money", "expected"),
    [((OPENED,), False), ((OPENED, WON), True), ((OPENED, LOST), True), ((OPENED, LOST, LOST_REFUND), True)],
    ids=["open", "won", "lost", "lost with a refund"],
)
def test_a_dispute_keeps_it_open_until_the_bank_has_decided(money: Any, expected: bool) -> None:
    granted = (GRANTED,) if LOST_REFUND in money else ()
    assert over(sold(*PENS, *INK, *granted), *CAPTURED, *money) is expected


def test_refunded_whole_it_is_over_wherever_the_goods_are() -> None:
    assert over(sold(*PENS, order.OrderRefunded()), *CAPTURED, *ALL_BACK, at=1)


@pytest.mark.parametrize(
    ("to_card", "expected"),
    [(PART, True), (Money(0, GRAND.currency), False), (None, False)],
    ids=["to the card", "to the payment", "no card"],
)
def test_what_goes_back_to_a_gift_card_is_asked_of_no_payment(to_card: Money | None, expected: bool) -> None:
    granted = RefundGranted("rfd_1", PART, "late", 9, gift_card=to_card)
    assert over(sold(*PENS, *INK, granted), *CAPTURED) is expected


def test_without_a_payment_it_is_over_if_a_gift_card_paid_for_everything() -> None:
    state = sold(*PENS, *INK)
    assert isinstance(state, order.PaidOrder)
    assert not over(state)
    for part, expected in ((GRAND, True), (PART, False)):
        covered = replace(state, placed=replace(state.placed, gift_card=Covered("gft_1", part)))
        assert over(covered) is expected


def cancelled(*before: Any) -> order.Order:
    state: order.Order = a_paid_order(*before, order.OrderCancelled("cancelled")).state
    return state


@pytest.mark.parametrize(
    ("money", "expected"),
    [
        ((), True),
        ((ASKED,), False),
        ((ASKED, payment.PaymentDeclined("card_declined")), True),
        ((ASKED, AUTHORIZED), False),
        ((ASKED, AUTHORIZED, payment.VoidRequested("ch_1", "cancelled")), False),
        ((ASKED, AUTHORIZED, payment.VoidRequested("ch_1", "cancelled"), payment.PaymentVoided()), True),
        (CAPTURED, False),
        ((*CAPTURED, ALL_BACK[0]), False),
        ((*CAPTURED, *ALL_BACK), True),
        ((*CAPTURED, OPENED), False),
        ((*CAPTURED, OPENED, LOST), True),
    ],
)
def test_called_off_it_is_over_when_its_money_is_back(money: Any, expected: bool) -> None:
    assert over(cancelled(), *money, at=1) is expected


def test_what_is_not_paid_yet_is_not_over() -> None:
    assert not over(order.NoOrder())
    assert not over(order.OpenOrder(placed()), ASKED)


def test_the_last_parcel_counts() -> None:
    late = sent("shi_2", "shp_b", {"lin_2": 1}, ARRIVED + 5)
    assert not over(sold(*PENS, *late), *CAPTURED, at=LATER + 4)
    assert over(sold(*PENS, *late), *CAPTURED, at=LATER + 5)


def test_money_that_is_set_aside_for_no_parcel_keeps_it_open_until_it_is_let_go() -> None:
    taken = GRAND.subtract(PART)
    of_one = (payment.CaptureRequested(taken, "ch_1", "shi_1"), payment.PaymentCaptured(taken, "shi_1"))
    let_go = (payment.VoidRequested("ch_1", "rest"), payment.PaymentVoided(PART))
    assert not over(sold(*PENS, *INK), ASKED, AUTHORIZED, *of_one)
    assert over(sold(*PENS, *INK), ASKED, AUTHORIZED, *of_one, *let_go)


def test_a_refused_refund_of_all_that_is_left_still_waits_for_a_person() -> None:
    whole = payment.RefundRequested(GRAND, "ch_1", "late", "rfd_1")
    assert not over(sold(*PENS, *INK), *CAPTURED, whole, REFUSED)
