"""An order that a gift card pays, wholly or in part."""

from __future__ import annotations

from typing import Any

from domain.decider import Event
from domain.money import Money
from domain.orders import order
from domain.orders.tender import Covered
from domain.payments import giftcard, payment
from tests.domain.checkout.story import (
    CONFIRMED,
    INK_SOLD,
    NOW,
    ORDER,
    PAID,
    PAYMENT,
    PENS_SOLD,
    PRICE,
    RESERVED,
    placed,
)

CARD = "gft_1"
PART, REST = Money(1_000, "USD"), Money(PRICE.amount - 1_000, "USD")


def about_card(event: Event) -> tuple[str, Event]:
    return CARD, event


def paying(amount: Money, **changes: Any) -> order.OrderPlaced:
    return placed(gift_card=Covered(CARD, amount), **changes)


PARTLY, WHOLLY = paying(PART), paying(PRICE)
SET_ASIDE = about_card(giftcard.GiftCardReserved(ORDER, PART))
REDEEMED = about_card(giftcard.GiftCardRedeemed(ORDER, PART))
ASKED = (PAYMENT, payment.AuthorizationRequested(ORDER, REST, "pm_card_visa", NOW))
AUTHORIZED = (PAYMENT, payment.PaymentAuthorized("ch_1"))
SOLD = (PENS_SOLD, INK_SOLD)
TAKING = (*RESERVED, SET_ASIDE, ASKED, AUTHORIZED, *SOLD, CONFIRMED, (PAYMENT, payment.CaptureRequested(REST, "ch_1")))
TAKEN = (*TAKING, (PAYMENT, payment.PaymentCaptured(REST)))
BOUGHT = (*TAKEN, REDEEMED, PAID)
