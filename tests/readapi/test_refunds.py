"""Refunds as clients see them, of an order that was called off while the buyer's bank had the payment's money."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.ids import rest_id
from domain.money import Money
from domain.orders import order
from domain.orders.tender import Covered
from domain.payments import payment
from domain.payments.giftcard import THE_REST
from domain.payments.payment import PAYMENT
from readapi.shown.refunds import refunds_json
from tests.domain.test_refund import GRAND, ID, placed
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
