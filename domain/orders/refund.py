"""Refunds of an order: what is owed back, and how each amount follows from the quote, to the cent.

The order says what is owed; that the money moves, once, is the payment's business. A line's money is shared out among
its units so that all shares, however they are asked for, add up to what was paid for the line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from domain.decider import Event
from domain.errors import Invalid
from domain.money import Money, allocate, round_half_up, total
from domain.orders.shipment import Units
from domain.pricing.pieces import pieces_of
from domain.pricing.pricing import PricedLine, Quote

REFUNDS_MAX = 200
"""That may be granted to one order by hand."""


class RefundLine(msgspec.Struct, frozen=True, gc=False):
    """Units of a line, what the buyer had paid for them, and the tax within that."""

    line_id: str
    quantity: int
    amount: Money
    tax: Money


class RefundGranted(Event, frozen=True):
    """So much is owed back. ``amount`` is what ``lines`` and ``shipping`` add up to, or was named by somebody."""

    refund_id: str
    amount: Money
    reason: str
    at: int
    lines: tuple[RefundLine, ...] = ()
    shipping: dict[str, Money] = {}
    """By shop."""
    cause: str = ""
    """The cancellation or return that it follows from."""
    gift_card: Money | None = None
    """So much of it goes back to the order's gift card, because the payment method had not paid more."""
    apart: bool = False
    """What cost the buyer nothing stays with those who sold it: once it comes back, ``OrderGivenBack`` says so. With
    refunds that were granted before that was told, what the marketplace paid of it went along."""

    @property
    def to_method(self) -> Money:
        """What the payment gives back."""
        return self.amount if self.gift_card is None else self.amount.subtract(self.gift_card)


Granted = Collection[RefundGranted]


def left(quote: Quote, granted: Granted) -> Money:
    """What was paid and is not owed back yet."""
    return quote.totals.grand.subtract(total((one.amount for one in granted), quote.totals.grand.currency))


def units_left(quote: Quote, granted: Granted) -> Units:
    """Units of each line whose money is not owed back yet."""
    return {line.line_id: line.quantity - _refunded(line, granted) for line in quote.lines}


def lines_of(quote: Quote, granted: Granted, units: Mapping[str, int]) -> tuple[RefundLine, ...]:
    """What these units cost; of those whose money was owed back before, nothing."""
    shares = []
    for line in quote.lines:
        before = _refunded(line, granted)
        wanted = min(units.get(line.line_id, 0), line.quantity - before)
        if wanted > 0:
            shares.append(_share(line, before, wanted))
    return tuple(shares)


def _refunded(line: PricedLine, granted: Granted) -> int:
    return sum(share.quantity for one in granted for share in one.lines if share.line_id == line.line_id)


def _share(line: PricedLine, before: int, units: int) -> RefundLine:
    """The units after the first ``before``: what all up to them cost, less what those cost."""

    def share(whole: Money) -> Money:
        upto, until = (round_half_up(whole.amount * count, line.quantity) for count in (before + units, before))
        return Money(upto - until, whole.currency)

    return RefundLine(line.line_id, units, share(line.total), share(line.tax))


def shipping_left(quote: Quote, granted: Granted) -> dict[str, Money]:
    """What the buyer paid for the parcels of each shop, with tax and less discounts; without those refunded already."""
    refunded = {shop_id for one in granted for shop_id in one.shipping}
    return {shop_id: paid for shop_id, paid in _shipping(quote).items() if shop_id not in refunded and paid.amount}


def _shipping(quote: Quote) -> dict[str, Money]:
    """As the ledger has it; of a quote that does not tell how it came about, shared out equally."""
    currency = quote.totals.grand.currency
    parts = {piece.shop_id: Money(piece.paid, currency) for piece in pieces_of(quote) if piece.what == "shipping"}
    if parts:
        return parts
    shops = list(dict.fromkeys(line.shop_id for line in quote.lines))
    paid = quote.totals.grand.subtract(total((line.total for line in quote.lines), currency))
    return dict(zip(shops, allocate(paid, [0] * len(shops)), strict=True))


def amount_of(lines: Sequence[RefundLine], shipping: Mapping[str, Money], currency: str) -> Money:
    return total([*(line.amount for line in lines), *shipping.values()], currency)


def within(lines: Sequence[RefundLine], most: Money) -> tuple[RefundLine, ...]:
    """The lines as far as ``most`` covers them: somebody may have been given a part of the money before."""
    kept, budget = [], most.amount
    for line in lines:
        amount = min(line.amount.amount, budget)
        budget -= amount
        tax = line.tax.amount
        if amount < line.amount.amount:
            tax = round_half_up(tax * amount, line.amount.amount)
        kept.append(RefundLine(line.line_id, line.quantity, Money(amount, most.currency), Money(tax, most.currency)))
    return tuple(kept)


def chosen(available: Mapping[str, int], wanted: Mapping[str, int | None], can: str) -> Units:
    """The units that are named, all of a line that is named without a number. Raises Invalid, which says that so many
    of the line ``can``."""
    units: Units = {}
    for i, (line_id, quantity) in enumerate(wanted.items()):
        if line_id not in available:
            raise Invalid("this order has no such line", f"/lines/{i}/lineId")
        most = available[line_id]
        units[line_id] = most if quantity is None else quantity
        if not 1 <= units[line_id] <= most:
            pointer = f"/lines/{i}/lineId" if quantity is None else f"/lines/{i}/quantity"
            raise Invalid(f"{most} of this line {can}", pointer)
    return units
