"""Reconciliation: what a payment provider says it did with the money, and what the log says. Pure.

What the log knows of one order's money is in ``orderbooks.py``; ``differences`` compares that with the provider's
movements within a window of time. Clocks and callbacks make the same thing happen at two instants, so near the borders
of the window the log's own movements count as perhaps inside, and only what cannot be explained either way is a
difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.books.difference import Difference
from domain.books.orderbooks import Books
from domain.money import Money

KINDS = ("authorize", "capture", "void", "refund", "dispute", "reinstatement")


class Movement(NamedTuple):
    """One thing that the provider did. Amounts in minor units, ``at`` in milliseconds since 1970."""

    key: str
    """The intent's event id that asked for it; empty where somebody else did."""
    reference: str
    """The provider's id of the charge."""
    order_id: str
    kind: str
    """One of ``KINDS``."""
    amount: int
    fee: int
    """What the provider keeps of it."""
    currency: str
    at: int


class Window(NamedTuple):
    """From ``since`` to before ``until``; either border is so many milliseconds vague."""

    since: int
    until: int
    early: int = 0
    late: int = 0

    def surely(self, at: int) -> bool:
        return self.since + self.early <= at < self.until - self.late

    def perhaps(self, at: int) -> bool:
        return self.since - self.early <= at < self.until + self.late


TOTALS = {"capture": "captured", "refund": "refunded", "dispute": "disputed", "reinstatement": "reinstated"}
"""Where a charge has what moved of a kind."""


class Charge(NamedTuple):
    """A charge as the provider tells of it within the window."""

    reference: str
    currency: str
    authorized: int
    captured: int
    refunded: int
    voided: bool
    disputed: int = 0
    reinstated: int = 0

    @property
    def held(self) -> int:
        """Set aside, and neither taken nor given up."""
        return 0 if self.voided else max(0, self.authorized - self.captured)


def charges_of(movements: Iterable[Movement]) -> list[Charge]:
    """One for each reference and currency, in the order of their references."""
    charges: dict[tuple[str, str], Charge] = {}
    for one in movements:
        charge = charges.get((one.reference, one.currency)) or Charge(one.reference, one.currency, 0, 0, 0, False)
        match one.kind:
            case "authorize":
                charge = charge._replace(authorized=charge.authorized + one.amount)
            case "capture":
                charge = charge._replace(captured=charge.captured + one.amount)
            case "refund":
                charge = charge._replace(refunded=charge.refunded + one.amount)
            case "dispute":
                charge = charge._replace(disputed=charge.disputed + one.amount)
            case "reinstatement":
                charge = charge._replace(reinstated=charge.reinstated + one.amount)
            case "void":
                charge = charge._replace(voided=True)
        charges[one.reference, one.currency] = charge
    return [charges[key] for key in sorted(charges)]


def differences(order_id: str, books: Books | None, movements: Sequence[Movement], window: Window) -> list[Difference]:
    """Whatever is not the same here and there, or not right in itself; none when all agrees."""
    charges = charges_of(movements)
    at = min([move.at for move in movements] + [move.at for move in (books.moves if books else ())], default=0)
    if books is None or books.payment == "none":
        charged = [(charge, charge.captured - charge.refunded or charge.held) for charge in charges]
        return [
            Difference(
                "unknown_charge", order_id, one.reference, Money(0, one.currency), Money(amount, one.currency), at
            )
            for one, amount in charged
            if amount > 0
        ]
    currency = books.owed.currency
    ours = [charge for charge in charges if charge.currency == currency]
    foreign = [charge for charge in charges if charge.currency != currency]
    found = [
        Difference(
            "currency", order_id, one.reference, books.owed, Money(one.captured or one.authorized, one.currency), at
        )
        for one in foreign
    ]
    if not foreign:
        found += _captures(order_id, books, ours, window, at)
        for kind in ("refund", "dispute", "reinstatement"):
            found += _amounts(order_id, books, ours, window, at, kind)
    return found + _held(order_id, books, ours, window, at) + _contradictions(order_id, books, window, at)


def _span(books: Books, kind: str, window: Window) -> tuple[int, int]:
    """What surely moved within the window, and what perhaps did."""
    moves = [move for move in books.moves if move.kind == kind]
    sure = sum(move.amount for move in moves if window.surely(move.at))
    return sure, sum(move.amount for move in moves if window.perhaps(move.at))


def _captures(order_id: str, books: Books, charges: Sequence[Charge], window: Window, at: int) -> list[Difference]:
    taken = [charge for charge in charges if charge.captured]
    if len(taken) <= 1:
        return _amounts(order_id, books, charges, window, at, "capture")
    references = " ".join(charge.reference for charge in taken)
    ours = Money(books.total("capture"), books.owed.currency)
    theirs = Money(sum(charge.captured for charge in taken), books.owed.currency)
    return [Difference("charged_twice", order_id, references, ours, theirs, at)]


def _amounts(
    order_id: str, books: Books, charges: Sequence[Charge], window: Window, at: int, kind: str
) -> list[Difference]:
    sure, perhaps = _span(books, kind, window)
    theirs = sum(getattr(charge, TOTALS[kind]) for charge in charges)
    if sure <= theirs <= perhaps:
        return []
    missing = theirs < sure
    currency = books.owed.currency
    return [
        Difference(
            f"{kind}_missing" if missing else f"{kind}_unrecorded",
            order_id,
            books.reference,
            Money(sure if missing else perhaps, currency),
            Money(theirs, currency),
            at,
        )
    ]


def _held(order_id: str, books: Books, charges: Sequence[Charge], window: Window, at: int) -> list[Difference]:
    """Money that the provider sets aside for an order that is done with it."""
    if books.intent or not window.surely(books.moved_at):
        return []
    over = books.payment in ("voided", "declined")
    return [
        Difference("still_held", order_id, one.reference, Money(0, one.currency), Money(one.held, one.currency), at)
        for one in charges
        if one.held and (over or one.reference != books.reference)
    ]


def _contradictions(order_id: str, books: Books, window: Window, at: int) -> list[Difference]:
    """What is not right whatever the provider says."""
    if not window.surely(books.moved_at):
        return []
    currency = books.owed.currency
    captured, refunded = books.total("capture"), books.total("refund")
    kept = captured - refunded - books.withheld
    due = books.parcels if books.by_parcel else books.owed.amount
    if books.order == "paid" and due and captured < (due if books.by_parcel else 1):
        return [Difference("paid_without_capture", order_id, "", Money(due, currency), Money(captured, currency), at)]
    if books.disputes and books.order != "pending":
        return []  # what is to go back waits for the bank
    if kept > 0 and not books.intent and books.order != "paid":
        what = Money(kept, currency)
        return [Difference("captured_without_order", order_id, books.reference, what, what, at, books.order)]
    if captured and books.back > refunded + books.withheld and not books.intent:
        owed, paid = Money(books.back, currency), Money(refunded, currency)
        return [Difference("refund_owed", order_id, books.reference, owed, paid, at)]
    return []


def in_doubt(books: Books, movements: Iterable[Movement]) -> list[str]:
    """Keys of what the provider did and the log still waits for, or had given up waiting for."""
    given_up = books.payment == "declined" and not books.reference
    return [
        one.key for one in movements if one.key and (one.key == books.intent or (given_up and one.kind == "authorize"))
    ]


def disputed(books: Books, movements: Iterable[Movement]) -> list[str]:
    """References of charges of whose disputes the log does not know all, or waits for the verdict."""
    theirs = {kind: sum(one.amount for one in movements if one.kind == kind) for kind in ("dispute", "reinstatement")}
    news = any(amount > books.total(kind) for kind, amount in theirs.items())
    return [books.reference] if books.reference and (news or books.disputes) else []
