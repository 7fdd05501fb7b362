"""What a purchase came to, in truth or in a run; and what many came to together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from domain.decider import Event
from domain.orders.order import OrderCancelled, OrderConfirmed, OrderPaid, OrderPlaced
from domain.orders.orderreview import REJECTED

BY_PEOPLE = ("cancelled", REJECTED)
STANDING = ("paid", "confirmed")


class Amounts(msgspec.Struct, rename="camel"):
    """Minor units of one currency."""

    revenue: int = 0
    """All that buyers pay, with shipping and tax."""
    discount: int = 0
    shipping: int = 0
    tax: int = 0


class Purchase(msgspec.Struct, rename="camel", omit_defaults=True):
    """One attempt to buy. ``status``: ``paid``, ``confirmed`` (paid later), ``pending`` (nobody knows yet),
    ``refused`` with a code, ``cancelled`` by a person before it was paid, or ``not_tried``: the goods had been bought
    before."""

    order_id: str
    at: int
    status: str = "pending"
    code: str = ""
    currency: str = ""
    grand: int = 0
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    units: int = 0
    promotions: dict[str, int] = {}
    """Minor units that each took off, by id."""
    assumed: bool = False
    """The provider was asked what the log does not tell it was ever asked; it is taken to have agreed."""

    def take(self, event: Event) -> None:
        match event:
            case OrderPlaced():
                self._placed(event)
            case OrderConfirmed() if self.status == "pending":
                self.status = "confirmed"
            case OrderPaid():
                self.status = "paid"
            case OrderCancelled() if self.status != "paid":  # what is given up after the sale was a sale
                self.status = "cancelled" if event.reason in BY_PEOPLE else "refused"
                self.code = event.reason

    def _placed(self, placed: OrderPlaced) -> None:
        totals = placed.quote.totals
        self.currency, self.grand = totals.grand.currency, totals.grand.amount
        self.discount, self.shipping, self.tax = totals.discount.amount, totals.shipping.amount, totals.tax.amount
        self.units = sum(line.quantity for line in placed.quote.lines)
        self.promotions = {used.promotion_id: used.amount.amount for used in placed.quote.promotions}

    @property
    def stands(self) -> bool:
        return self.status in STANDING

    def same_as(self, other: Purchase) -> bool:
        """In everything that matters to buyer and seller."""
        return _essence(self) == _essence(other)


def _essence(one: Purchase) -> tuple[object, ...]:
    if one.stands or one.status == "pending":
        return one.status, one.grand, one.discount, one.shipping, one.tax, one.units, one.promotions
    return one.status, one.code


class Totals(msgspec.Struct, rename="camel"):
    """Of all purchases of a period."""

    tried: int = 0
    orders: int = 0
    """Those that stand: paid, or to be paid later."""
    units: int = 0
    pending: int = 0
    cancelled: int = 0
    not_tried: int = 0
    assumed: int = 0
    refused: dict[str, int] = {}
    """By code."""
    cart_refused: int = 0
    """Units that were to be held when they were put into a cart, and could not be."""
    not_done: int = 0
    """Parcels sent, returns and the like of orders that did not stand, or not so."""
    amounts: dict[str, Amounts] = {}
    """By currency."""
    promotions: dict[str, int] = {}
    """Orders that used each."""

    @property
    def refusals(self) -> int:
        return sum(self.refused.values())


def totals_of(purchases: Iterable[Purchase], cart_refused: int, not_done: int = 0) -> Totals:
    found, refused, used = Totals(cart_refused=cart_refused, not_done=not_done), Counter[str](), Counter[str]()
    for one in purchases:
        found.tried += 1
        found.pending += one.status == "pending"
        found.cancelled += one.status == "cancelled"
        found.not_tried += one.status == "not_tried"
        found.assumed += one.assumed
        if one.status == "refused":
            refused[one.code] += 1
        if one.stands:
            found.orders += 1
            found.units += one.units
            used.update(one.promotions.keys())
            _add(found.amounts.setdefault(one.currency, Amounts()), one)
    found.refused, found.promotions = dict(refused.most_common()), dict(used.most_common())
    return found


def _add(amounts: Amounts, one: Purchase) -> None:
    amounts.revenue += one.grand
    amounts.discount += one.discount
    amounts.shipping += one.shipping
    amounts.tax += one.tax


class Differing(NamedTuple):
    before: Purchase
    after: Purchase


def differing(before: Mapping[str, Purchase], after: Mapping[str, Purchase]) -> list[Differing]:
    """Purchases whose outcome is another, in the order in which they were made."""
    pairs = (Differing(one, after[order_id]) for order_id, one in before.items())
    return [pair for pair in pairs if not pair.before.same_as(pair.after)]
