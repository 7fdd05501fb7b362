"""Refunds as clients see them, of an order that was called off while the buyer's bank had the payment's money."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.ids import rest_id
from domain.money import Money
from domain.orders import order
from domain.orders.refund import RefundGranted
from domain.orders.tender import Covered
from domain.payments import payment
from domain.payments.giftcard import THE_REST
from domain.payments.payment import PAYMENT
from readapi.shown.refunds import refunds_json
from tests.domain.orders.twosellers import GRAND, ID, placed
from tests.spec import given

PART = Money(500, GRAND.currency)
REST = GRAND.subtract(PART)
OFF = order.CancelledOrder(replace(placed(), gift_card=Covered("gft_1", PART)), "cancelled", was_paid=True)
CAPTURED = (
    payment.AuthorizationRequested(ID, REST, "pm_card_visa"),
    payment.PaymentAuthorized("ch_1"),
    payment.CaptureRequested(REST, "ch_1"),
    payment.PaymentCaptured(REST),
)
OPENED = payment.DisputeOpened("dp_1", REST, "fraudulent", 9)
LOST, WON = payment.DisputeLost("dp_1", REST, 10), payment.DisputeWon("dp_1", REST, 10)
ASKED = payment.RefundRequested(REST, "ch_1", "cancelled")


@pytest.mark.parametrize(
    ("money", "expected"),
    [
        ((), []),
        ((OPENED,), [("REFUNDED", PART)]),
        ((OPENED, LOST), [("REFUNDED", PART)]),
        ((OPENED, WON), []),
        ((OPENED, WON, ASKED), [("PENDING", GRAND)]),
        ((OPENED, WON, ASKED, payment.PaymentRefunded(REST)), [("REFUNDED", GRAND)]),
    ],
    ids=["not asked yet", "disputed", "lost", "won", "asked for", "paid back"],
)
def test_what_went_back_to_a_gift_card_is_told_without_waiting_for_the_bank(money: Any, expected: Any) -> None:
    shown = refunds_json(ID, OFF, given(PAYMENT, *CAPTURED, *money).state, 1, {THE_REST: 2})
    assert [(one["status"], one["amount"]) for one in shown] == expected
    assert all((one["refundId"], one["giftCard"]) == (rest_id(ID), PART) for one in shown)
    assert all(one["updatedAt"] is None for one in shown), "nobody said when"


def test_of_a_refund_that_a_dispute_had_overtaken_it_is_told_how_much_the_bank_gave() -> None:
    granted = RefundGranted("rfd_1", REST, "damaged", 9)
    paid = order.PaidOrder(placed(), "pay_1", refunds={"rfd_1": granted})
    refused = payment.RefundRefused("rfd_1", "disputed", REST)
    asked = payment.RefundRequested(PART, "ch_1", "damaged", "rfd_1")
    done = payment.PaymentRefunded(PART, "rfd_1")
    for money, expected in (
        ((refused,), ("REFUSED", None)),
        ((refused, asked), ("PENDING", REST.subtract(PART))),
        ((refused, asked, done), ("REFUNDED", REST.subtract(PART))),
    ):
        [shown] = refunds_json(ID, paid, given(PAYMENT, *CAPTURED, *money).state, 1)
        assert (shown["status"], shown["amount"], shown["lost"]) == (expected[0], REST, expected[1])
