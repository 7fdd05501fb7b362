"""Pieces of a quote: one for each line and one for each seller's parcels. Pure.

Each knows what the buyer pays for it, the tax within, and what of its price the marketplace pays by a promotion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.money import allocate_units, round_half_up
from domain.pricing.pricing import Quote


class Piece(NamedTuple):
    of: str
    """The line, or the shop whose parcels it is."""
    shop_id: str
    what: str
    """``goods`` or ``shipping``."""
    paid: int
    """By the buyer, with tax."""
    tax: int
    discount: int
    """What the marketplace pays of it."""

    def keeping(self, paid: int, tax: int | None = None) -> Piece:
        """The same when only so much of it is kept; with so much tax, or in proportion."""
        if paid == self.paid:
            return self
        if not paid:
            return self._replace(paid=0, tax=0, discount=0)
        kept = round_half_up(self.tax * paid, self.paid) if tax is None else tax
        return self._replace(paid=paid, tax=kept, discount=round_half_up(self.discount * paid, self.paid))

    def share(self, before: int, units: int, quantity: int) -> Piece:
        """Of ``units`` of a line's ``quantity``, after the first ``before``: what all up to them cost, less what those
        cost. So all shares of a line, however it is shared out, add up to it."""

        def part(whole: int) -> int:
            return round_half_up(whole * (before + units), quantity) - round_half_up(whole * before, quantity)

        return self._replace(paid=part(self.paid), tax=part(self.tax), discount=part(self.discount))

    def none(self) -> Piece:
        return self._replace(paid=0, tax=0, discount=0)

    def more(self, other: Piece) -> Piece:
        """Both together."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in ("paid", "tax", "discount")}
        return self._replace(**sums)


def pieces_of(quote: Quote) -> list[Piece]:
    """What the buyer pays for them adds up to the quote's grand total."""
    amounts = {step.what: step.amount.amount for step in quote.derivation}
    market = [k for k, promotion in enumerate(quote.promotions) if not promotion.shop_id]
    pieces = [
        Piece(
            line.line_id,
            line.shop_id,
            "goods",
            line.total.amount,
            line.tax.amount,
            sum(amounts.get(f"promotions/{k}/lines/{i}", 0) for k in market),
        )
        for i, line in enumerate(quote.lines)
    ]
    return pieces + _parcels(quote, amounts, market)


def _parcels(quote: Quote, amounts: Mapping[str, int], market: Iterable[int]) -> list[Piece]:
    shops = [
        shop_id for shop_id in dict.fromkeys(line.shop_id for line in quote.lines) if f"shipping/{shop_id}" in amounts
    ]
    if not shops:
        return []
    off = {
        shop_id: [amounts.get(f"promotions/{k}/shipping/{shop_id}", 0) for k in range(len(quote.promotions))]
        for shop_id in shops
    }
    net = [amounts[f"shipping/{shop_id}"] - sum(off[shop_id]) for shop_id in shops]
    taxes = allocate_units(amounts.get("shipping/tax", 0), net)
    added = 0 if quote.tax_inclusive else 1
    return [
        Piece(shop_id, shop_id, "shipping", paid + added * tax, tax, sum(off[shop_id][k] for k in market))
        for shop_id, paid, tax in zip(shops, net, taxes, strict=True)
    ]
