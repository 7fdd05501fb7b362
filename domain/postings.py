"""From money that moved to the postings of its transaction: who is to have how much of it. Pure.

A quote falls into pieces, one for each line and one for each seller's parcels. Each piece knows what the buyer paid for
it, the tax within, and what of its price the marketplace paid by a promotion. While an order's money is kept in full,
every account has to the cent what the quote says. While a part of it was given back, what is kept is shared out over
the pieces in proportion to what was paid for them (``allocate_units``, largest remainder), and within a piece tax and
discount go along in proportion. A transaction posts what changes between before and after, so that however many parts
a refund has, in the end nothing is left in any account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.ledger import (
    CUSTOMER,
    DISCOUNTS,
    FEES,
    PROVIDER,
    REFUNDS,
    SUSPENSE,
    TAX,
    Posting,
    seller,
)
from domain.money import PPM, allocate_units, round_half_up
from domain.pricing import Quote

Accounts = dict[tuple[str, str], int]
"""Minor units by account and what they are for."""


class Piece(NamedTuple):
    shop_id: str
    what: str
    """``goods`` or ``shipping``."""
    paid: int
    """By the buyer, with tax."""
    tax: int
    discount: int
    """What the marketplace pays of it."""

    def part(self, paid: int, kept: int, whole: int) -> Piece:
        """The same for ``paid`` of it, when ``kept`` of the ``whole`` order's money is kept."""
        if paid == self.paid and (paid or kept == whole):
            return self
        share, of = (paid, self.paid) if self.paid else (kept, whole)
        tax, discount = (round_half_up(amount * share, of) for amount in (self.tax, self.discount))
        return self._replace(paid=paid, tax=tax, discount=discount)


def pieces_of(quote: Quote) -> list[Piece]:
    """What the buyer pays for them adds up to the quote's grand total."""
    amounts = {step.what: step.amount.amount for step in quote.derivation}
    market = [k for k, promotion in enumerate(quote.promotions) if not promotion.shop_id]
    pieces = [
        Piece(
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
        Piece(shop_id, "shipping", paid + added * tax, tax, sum(off[shop_id][k] for k in market))
        for shop_id, paid, tax in zip(shops, net, taxes, strict=True)
    ]


def shares(quote: Quote, kept: int, rate_ppm: int) -> Accounts:
    """Who has what while ``kept`` minor units of the order's money are here; credits, which add up to ``-kept``.

    Of each seller's goods, without tax and before what the marketplace pays of them, it takes ``rate_ppm`` millionths.
    """
    whole = quote.totals.grand.amount
    pieces = pieces_of(quote)
    paid = [piece.paid for piece in pieces]
    if kept < whole:
        paid = allocate_units(kept, paid)
    found: Accounts = {}
    for piece, part in zip(pieces, paid, strict=True):
        _share(found, piece.part(part, min(kept, whole), whole), rate_ppm)
    beyond = kept + sum(found.values())
    _add(found, SUSPENSE, "unknown", -beyond)
    return found


def _share(found: Accounts, piece: Piece, rate_ppm: int) -> None:
    due = piece.paid - piece.tax + piece.discount
    fee = round_half_up(due * rate_ppm, PPM) if piece.what == "goods" else 0
    account = seller(piece.shop_id)
    _add(found, account, piece.what, -due)
    _add(found, account, "fee", fee)
    _add(found, FEES, "fee", -fee)
    _add(found, TAX, "tax", -piece.tax)
    _add(found, DISCOUNTS, "discount", piece.discount)


def _add(found: Accounts, account: str, what: str, amount: int) -> None:
    if amount:
        found[account, what] = found.get((account, what), 0) + amount


# transactions


class Standing(NamedTuple):
    """Of an order's money before something moved: all that was captured and given back, in minor units."""

    captured: int = 0
    refunded: int = 0

    @property
    def kept(self) -> int:
        return self.captured - self.refunded


def postings_of_capture(quote: Quote | None, before: Standing, amount: int, rate_ppm: int) -> tuple[Posting, ...]:
    """The buyer owes it to those who sold, and pays it. ``quote`` is None for money whose order nobody knows."""
    was = shares_or_suspense(quote, before.kept, rate_ppm) if before.captured else {}
    now = shares_or_suspense(quote, before.kept + amount, rate_ppm)
    return (
        *_posted(CUSTOMER, amount, "sale"),
        *_changes(was, now),
        *_posted(PROVIDER, amount, "payment"),
        *_posted(CUSTOMER, -amount, "payment"),
    )


def postings_of_refund(quote: Quote | None, before: Standing, amount: int, rate_ppm: int) -> tuple[Posting, ...]:
    """Those who sold give it back in proportion, and the provider pays it out."""
    was = shares_or_suspense(quote, before.kept, rate_ppm)
    now = shares_or_suspense(quote, before.kept - amount, rate_ppm) if before.kept > amount else {}
    beyond = max(0, amount - before.kept)
    return (
        *_posted(REFUNDS, -amount, "refund"),
        *_changes(was, now),
        *_posted(SUSPENSE, beyond, "unknown"),
        *_posted(PROVIDER, -amount, "payment"),
        *_posted(REFUNDS, amount, "payment"),
    )


def shares_or_suspense(quote: Quote | None, kept: int, rate_ppm: int) -> Accounts:
    if quote is None:
        return {(SUSPENSE, "unknown"): -kept} if kept else {}
    return shares(quote, kept, rate_ppm)


def _posted(account: str, amount: int, what: str) -> tuple[Posting, ...]:
    return (Posting(account, amount, what),) if amount else ()


def _changes(was: Accounts, now: Accounts) -> list[Posting]:
    return [
        Posting(account, change, what)
        for account, what in dict.fromkeys((*was, *now))
        if (change := now.get((account, what), 0) - was.get((account, what), 0))
    ]
