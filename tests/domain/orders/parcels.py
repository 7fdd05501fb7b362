"""An order of two parcels whose money is taken one after the other."""

from __future__ import annotations

from typing import Any

from domain.orders import order
from domain.orders.order import ORDER
from domain.orders.policy import PARCEL
from domain.orders.shipment import ShipmentPacked, ShipmentPaid
from domain.payments import payment
from domain.payments.payment import PAYMENT as PAYMENTS
from tests.domain.checkout.story import (
    AUTHORIZED,
    CONFIRMED,
    INK_SOLD,
    PAYMENT,
    PENS_SOLD,
    PRICE,
    RESERVED,
    Story,
    given,
    placed,
)
from tests.domain.checkout.story import ORDER as ID
from tests.spec import Given
from tests.spec import given as given_order

PLACED = placed(capture=PARCEL)
INK_LINE, PEN_LINE = PLACED.quote.lines[1], PLACED.quote.lines[0]
CARRIAGE = PRICE.subtract(INK_LINE.total).subtract(PEN_LINE.total)
FIRST, SECOND = INK_LINE.total.add(CARRIAGE), PEN_LINE.total
"""What the ink costs with the shop's shipping, and the pens."""
ASKED = (PAYMENT, payment.AuthorizationRequested(ID, PRICE, "pm_card_visa", True))
STANDS = (*RESERVED, ASKED, AUTHORIZED, PENS_SOLD, INK_SOLD, CONFIRMED)
INK, PENS_BOTH = {"lin_INK": 1}, {"lin_PEN": 2}
ONE = (ID, ShipmentPacked("shi_1", "shp_a", INK, 5, "UPS", "1Z", FIRST))
TWO = (ID, ShipmentPacked("shi_2", "shp_a", PENS_BOTH, 6, due=SECOND))
TAKING = (PAYMENT, payment.CaptureRequested(FIRST, "ch_1", "shi_1"))
TAKEN = (PAYMENT, payment.PaymentCaptured(FIRST, "shi_1"))
PAID = (ID, order.OrderPaid(PAYMENT))
FIRST_PAID = (ID, ShipmentPaid("shi_1", FIRST))
BEGUN = (*STANDS, ONE, TAKING, TAKEN, PAID, FIRST_PAID)
TAKING_TWO = (PAYMENT, payment.CaptureRequested(SECOND, "ch_1", "shi_2"))
REFUSED = (PAYMENT, payment.CaptureRefused("shi_2", "authorization_expired"))
CANCELLED = (ID, order.LinesCancelled("can_1", PENS_BOTH, 7))


def by_parcel(*events: tuple[str, Any]) -> Story:
    return given(*events, placed=PLACED)


def an_order(*since: tuple[str, Any]) -> Given:
    return given_order(ORDER, PLACED, CONFIRMED[1], *(event for _, event in since))


def a_payment(*events: Any) -> Given:
    return given_order(PAYMENTS, ASKED[1], AUTHORIZED[1], *events)
