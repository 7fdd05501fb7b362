"""A gift card, and an order that is paid with it."""

from __future__ import annotations

from domain.payments.giftcard import GIFT_CARD, GiftCardIssued, GiftCardRedeemed, GiftCardReserved
from tests.spec import given, usd

ID, ORDER, OTHER = "gft_1", "ord_1", "ord_2"
NOW, LATER = 1_000, 2_000

ISSUED = GiftCardIssued(usd(5_000))
CARD = given(GIFT_CARD, ISSUED)
RESERVED = given(GIFT_CARD, ISSUED, GiftCardReserved(ORDER, usd(3_000)))
REDEEMED = given(GIFT_CARD, *RESERVED.events, GiftCardRedeemed(ORDER, usd(3_000)))
