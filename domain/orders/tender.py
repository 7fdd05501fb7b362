"""Tender: which money pays for an order. A gift card pays as far as it goes, the payment method pays what is due then.

Money goes back the other way round: to the payment method first, as long as it had paid anything of it, and only then
to the card. Whoever paid gets money back before credit.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain.money import Money
from domain.orders.refund import RefundGranted, shipping_left
from domain.payments.giftcard import GiftCard
from domain.pricing.pricing import Quote


class Covered(msgspec.Struct, frozen=True, gc=False):
    """What a gift card pays of an order; more than nothing."""

    gift_card_id: str
    amount: Money


def due(quote: Quote, covered: Covered | None) -> Money:
    """What is left for the payment method."""
    grand = quote.totals.grand
    return grand if covered is None else grand.subtract(covered.amount)


def payable(card: GiftCard, quote: Quote) -> int:
    """How much of the quote the card may pay for, in minor units: everything, or what its own shop sells and sends."""
    if not card.shop_id:
        return quote.totals.grand.amount
    goods = sum(line.total.amount for line in quote.lines if line.shop_id == card.shop_id)
    carriage = shipping_left(quote, ()).get(card.shop_id)
    return goods + (carriage.amount if carriage is not None else 0)


def for_the_card(
    amount: Money, quote: Quote, covered: Covered | None, granted: Iterable[RefundGranted], disputed: int = 0
) -> Money | None:
    """What of a refund goes to the card, after those ``granted`` before; None when it is nothing. The payment has
    not to give back what is ``disputed`` (minor units): the buyer's bank has it, or may get it."""
    if covered is None:
        return None
    to_method = sum(one.to_method.amount for one in granted)
    rest = amount.amount - max(0, due(quote, covered).amount - to_method - disputed)
    return Money(rest, amount.currency) if rest > 0 else None
