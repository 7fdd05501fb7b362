"""A payment in each of its states, and refunds of the one that is captured."""

from __future__ import annotations

from domain.money import Money
from domain.payments import payment
from domain.payments.payment import PAYMENT
from tests.spec import Given, given

ID = "pay_1"
PRICE = Money(1999, "USD")
REQUESTED = payment.AuthorizationRequested("ord_1", PRICE, "pm_card_visa")
AUTHORIZED = payment.PaymentAuthorized("ch_1")
DECLINED = payment.PaymentDeclined("card_declined")
CAPTURING = payment.CaptureRequested(PRICE, "ch_1")
CAPTURED = payment.PaymentCaptured(PRICE)
VOIDING = payment.VoidRequested("ch_1", "cancelled")
REFUNDING = payment.RefundRequested(PRICE, "ch_1", "cancelled")

STATES = {
    "none": (),
    "authorizing": (REQUESTED,),
    "declined": (REQUESTED, DECLINED),
    "authorized": (REQUESTED, AUTHORIZED),
    "capturing": (REQUESTED, AUTHORIZED, CAPTURING),
    "captured": (REQUESTED, AUTHORIZED, CAPTURING, CAPTURED),
    "voiding": (REQUESTED, AUTHORIZED, VOIDING),
    "voided": (REQUESTED, AUTHORIZED, VOIDING, payment.PaymentVoided()),
    "refunding": (REQUESTED, AUTHORIZED, CAPTURING, CAPTURED, REFUNDING),
    "refunded": (REQUESTED, AUTHORIZED, CAPTURING, CAPTURED, REFUNDING, payment.PaymentRefunded(PRICE)),
}


def a_payment(status: str) -> Given:
    return given(PAYMENT, *STATES[status])


HALF, OTHER_HALF = Money(999, "USD"), Money(1000, "USD")
FIRST = payment.RequestRefund(ID, "damaged", "rfd_1", HALF)
REST = payment.RequestRefund(ID, "cancelled")
FIRST_ASKED = payment.RefundRequested(HALF, "ch_1", "damaged", "rfd_1")
FIRST_DONE = payment.PaymentRefunded(HALF, "rfd_1")
FIRST_REFUSED = payment.RefundRefused("rfd_1", "unknown_charge")


def captured(*since) -> Given:
    return given(PAYMENT, *STATES["captured"], *since)
