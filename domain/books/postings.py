"""From money that moved to the postings of its transaction: who is to have how much of it. Pure.

A quote falls into pieces (``domain/pricing/pieces.py``). A ``Holding`` is what of an order's money is kept, piece by
piece: after the capture all of it, to the cent what the quote says; where it is taken parcel by parcel, what is in the
parcels that are paid. A refund that names lines and parcels takes from those; any other is shared out over what is left
(``allocate_units``, largest remainder), tax and discount going along in proportion. A transaction posts what changes
between two holdings, so that however many parts a refund has, in the end nothing is left in any account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.books.ledger import (
    CUSTOMER,
    DISCOUNTS,
    DISPUTES,
    FEES,
    GIFT_CARDS,
    ISSUED,
    PROVIDER,
    REFUNDS,
    SUSPENSE,
    TAX,
    Posting,
    seller,
)
from domain.money import allocate_units, rate_of, round_half_up
from domain.orders.order import RefundGranted
from domain.pricing.pieces import Piece, pieces_of
from domain.pricing.pricing import Quote

Accounts = dict[tuple[str, str], int]
"""Minor units by account and what they are for."""


class Holding(NamedTuple):
    """What of an order's money is kept. ``beyond`` is what nobody knows a piece for."""

    pieces: tuple[Piece, ...] = ()
    beyond: int = 0

    @property
    def paid(self) -> int:
        return sum(piece.paid for piece in self.pieces)


NOTHING = Holding()


def held(quote: Quote | None, captured: int) -> Holding:
    """When so much was captured and nothing given back. ``quote`` is None for money whose order nobody knows."""
    if quote is None:
        return Holding((), captured)
    pieces, whole = pieces_of(quote), quote.totals.grand.amount
    if captured >= whole:
        return Holding(tuple(pieces), captured - sum(piece.paid for piece in pieces))
    parts = allocate_units(captured, [piece.paid for piece in pieces])
    return Holding(_in_part(pieces, parts, captured, whole))


def with_parcel(holding: Holding, parcel: Iterable[Piece], amount: int) -> Holding:
    """When ``amount`` was taken for one parcel more; what its pieces do not come to, nobody knows a piece for. What a
    bank has had back before it was heard of here is taken from them."""
    more = {(piece.of, piece.what): piece for piece in parcel}
    known = tuple(piece.more(more.pop((piece.of, piece.what), piece.none())) for piece in holding.pieces)
    pieces = (*known, *more.values())
    beyond = holding.beyond + amount - sum(piece.paid for piece in pieces) + holding.paid
    return given_back(Holding(pieces), -beyond) if beyond < 0 else Holding(pieces, beyond)


def given_back(holding: Holding, amount: int, granted: RefundGranted | None = None, before: int = 0) -> Holding:
    """What is left. ``granted`` says of which lines and parcels, if it is known; ``before`` how much of what it names
    went back another way already."""
    pieces, rest = list(holding.pieces), amount
    if granted is not None:
        named = {line.line_id: (line.amount.amount, line.tax.amount) for line in granted.lines}
        parcels = {shop_id: money.amount for shop_id, money in granted.shipping.items()}
        for i, piece in enumerate(pieces):
            asked, tax = named.get(piece.of, (0, None)) if piece.what == "goods" else (parcels.get(piece.of, 0), None)
            gone = min(asked, before)
            before -= gone
            part = min(asked - gone, piece.paid, rest)
            kept_tax = max(0, piece.tax - tax) if tax is not None and part == asked else None
            pieces[i] = piece.keeping(piece.paid - part, kept_tax)
            rest -= part
    whole, left = holding.paid, sum(piece.paid for piece in pieces)
    shared = min(rest, left)
    if granted is not None and granted.apart:
        whole = left  # what cost nothing bears its part of what is shared out alone
        if not shared:
            return Holding(tuple(pieces), holding.beyond - rest)
    parts = [piece.paid - part for piece, part in zip(pieces, _shared(shared, pieces), strict=True)]
    kept = _in_part(pieces, parts, left - shared, whole)
    return Holding(kept if left > shared else (), holding.beyond - (rest - shared))


def without(
    quote: Quote,
    holding: Holding,
    before: Mapping[str, int],
    units: Mapping[str, int],
    sold: Mapping[str, int] | None = None,
) -> Holding:
    """What is left when these units of lines that cost nothing are not sold, after those ``before``; a shop stands for
    its parcels. ``sold`` is how many there were, where that is not all of them: of an order that is sold by parcel."""
    quantities = {line.line_id: line.quantity for line in quote.lines}
    whole = {piece.of: piece.discount for piece in pieces_of(quote)}

    def upto(of: str, count: int) -> int:
        return round_half_up(whole[of] * count, quantities.get(of, 1))

    def discount(piece: Piece) -> int:
        """Of what is kept, a part of which may have gone back with other money, that of the units that stay sold."""
        of = piece.of
        if of not in units:
            return piece.discount
        gone, there = before.get(of, 0), quantities.get(of, 1) if sold is None else sold.get(of, quantities.get(of, 1))
        was, now = (max(0, upto(of, there) - upto(of, count)) for count in (gone, gone + units[of]))
        return min(piece.discount, round_half_up(piece.discount * now, was)) if was else 0

    return Holding(tuple(piece._replace(discount=discount(piece)) for piece in holding.pieces), holding.beyond)


def _shared(amount: int, pieces: Iterable[Piece]) -> list[int]:
    weights = [piece.paid for piece in pieces]
    return allocate_units(amount, weights) if weights and amount else [0] * len(weights)


def _in_part(pieces: Iterable[Piece], paid: Iterable[int], kept: int, whole: int) -> tuple[Piece, ...]:
    """Pieces that cost the buyer nothing go along with the order as a whole."""
    return tuple(
        piece.keeping(part)
        if piece.paid
        else piece._replace(discount=round_half_up(piece.discount * kept, whole) if whole else 0)
        for piece, part in zip(pieces, paid, strict=True)
    )


def shares(holding: Holding, rate_ppm: int) -> Accounts:
    """Who has what of it; credits, which add up to what is kept.

    Of each seller's goods, without tax and before what the marketplace pays of them, it takes ``rate_ppm`` millionths.
    """
    found: Accounts = {}
    for piece in holding.pieces:
        _share(found, piece, rate_ppm)
    _add(found, SUSPENSE, "unknown", -holding.beyond)
    return found


def _share(found: Accounts, piece: Piece, rate_ppm: int) -> None:
    due = piece.paid - piece.tax + piece.discount
    fee = rate_of(due, rate_ppm) if piece.what == "goods" else 0
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


def postings_of_issue(value: int, shop_id: str) -> tuple[Posting, ...]:
    """Whoever issues a gift card owes its value to whoever will come with it."""
    issuer = seller(shop_id) if shop_id else ISSUED
    return (*_posted(issuer, value, "gift_card"), *_posted(GIFT_CARDS, -value, "gift_card"))


def postings_of_capture(
    was: Holding, now: Holding, amount: int, rate_ppm: int, by: str = PROVIDER
) -> tuple[Posting, ...]:
    """The buyer owes it to those who sold, and pays it: ``by`` the provider, or with what a gift card was worth."""
    return (
        *_posted(CUSTOMER, amount, "sale"),
        *_changes(shares(was, rate_ppm), shares(now, rate_ppm)),
        *_posted(by, amount, "payment"),
        *_posted(CUSTOMER, -amount, "payment"),
    )


def postings_of_refund(
    was: Holding, now: Holding, amount: int, rate_ppm: int, by: str = PROVIDER
) -> tuple[Posting, ...]:
    """Those who sold give it back, and the provider pays it out, or a gift card is worth more again."""
    return (
        *_posted(REFUNDS, -amount, "refund"),
        *_changes(shares(was, rate_ppm), shares(now, rate_ppm)),
        *_posted(by, -amount, "payment"),
        *_posted(REFUNDS, amount, "payment"),
    )


def postings_of_dispute(amount: int, opened: bool) -> tuple[Posting, ...]:
    """The provider takes the money from us until the bank has decided, and gives it back when the dispute is won."""
    taken = amount if opened else -amount
    return (*_posted(DISPUTES, taken, "dispute"), *_posted(PROVIDER, -taken, "dispute"))


def postings_of_lost_dispute(was: Holding, now: Holding, amount: int, rate_ppm: int) -> tuple[Posting, ...]:
    """What the provider had taken is gone, and those who sold bear it as they bear a refund that names no lines."""
    return (*_changes(shares(was, rate_ppm), shares(now, rate_ppm)), *_posted(DISPUTES, -amount, "dispute"))


def _posted(account: str, amount: int, what: str) -> tuple[Posting, ...]:
    return (Posting(account, amount, what),) if amount else ()


def _changes(was: Accounts, now: Accounts) -> list[Posting]:
    return [
        Posting(account, change, what)
        for account, what in dict.fromkeys((*was, *now))
        if (change := now.get((account, what), 0) - was.get((account, what), 0))
    ]
