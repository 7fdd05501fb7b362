"""What the log knows of one order's money, to be held against a provider's account (``reconciliation.py``)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from domain.decider import State
from domain.money import Money
from domain.orders import order, policy, shipment
from domain.payments import payment
from domain.recorded import Recorded


class Move(msgspec.Struct, frozen=True, array_like=True, gc=False):
    kind: str
    amount: int
    at: int


class Books(State, frozen=True):
    """Of one order. ``order``: ``none``, ``pending``, ``paid`` or ``cancelled``; ``payment``: as in
    ``domain/payments/payment.py``, or ``none``."""

    order: str = "none"
    payment: str = "none"
    owed: Money = Money(0, "")
    """What was asked of the provider, or is to be."""
    intent: str = ""
    """Event id of the open intent: the provider's key."""
    reference: str = ""
    moves: tuple[Move, ...] = ()
    moved_at: int = 0
    back: int = 0
    """What the order owes back, of lines or as somebody granted it."""
    disputes: int = 0
    """Open ones."""
    by_parcel: bool = False
    parcels: int = 0
    """What parcels came to that count as paid."""

    def total(self, kind: str) -> int:
        return sum(move.amount for move in self.moves if move.kind == kind)

    @property
    def withheld(self) -> int:
        """What disputes have taken and not given back."""
        return self.total("dispute") - self.total("reinstatement")


def evolve(books: Books, recorded: Recorded) -> Books:
    """Takes in an event of the order or of its payment."""
    evolution = EVOLUTIONS.get(type(recorded.event))
    if evolution is None:
        return books
    return replace(evolution(books, recorded), moved_at=recorded.meta.recorded_at)


def _placed(books: Books, recorded: Recorded) -> Books:
    by_parcel = recorded.event.capture == policy.PARCEL
    return replace(books, order="pending", owed=recorded.event.due, by_parcel=by_parcel)


def _parcel_paid(books: Books, recorded: Recorded) -> Books:
    return replace(books, parcels=books.parcels + recorded.event.amount.amount)


def _authorization_requested(books: Books, recorded: Recorded) -> Books:
    return replace(books, payment="authorizing", owed=recorded.event.amount, intent=payment.key_of(recorded))


def _granted(books: Books, recorded: Recorded) -> Books:
    return replace(books, back=books.back + recorded.event.to_method.amount)


def _intended(status: str) -> Callable[[Books, Recorded], Books]:
    return lambda books, recorded: replace(books, payment=status, intent=payment.key_of(recorded))


def _moved(kind: str, status: str) -> Callable[[Books, Recorded], Books]:
    def evolution(books: Books, recorded: Recorded) -> Books:
        amount: Money = getattr(recorded.event, "amount", None) or books.owed
        moves = (*books.moves, Move(kind, amount.amount, recorded.meta.recorded_at))
        reference = getattr(recorded.event, "reference", books.reference)
        return replace(books, payment=status, intent="", reference=reference, moves=moves)

    return evolution


def _disputed(kind: str, opened: int) -> Callable[[Books, Recorded], Books]:
    """Whatever else is under way goes on. A dispute that is lost moves nothing more."""

    def evolution(books: Books, recorded: Recorded) -> Books:
        move = Move(kind, recorded.event.amount.amount, recorded.meta.recorded_at)
        return replace(books, disputes=books.disputes + opened, moves=(*books.moves, move) if kind else books.moves)

    return evolution


def _ordered(status: str) -> Callable[[Books, Recorded], Books]:
    return lambda books, recorded: replace(books, order=status)


EVOLUTIONS: dict[type, Callable[[Books, Recorded], Books]] = {
    order.OrderPlaced: _placed,
    order.OrderPaid: _ordered("paid"),
    order.OrderCancelled: _ordered("cancelled"),
    order.RefundGranted: _granted,
    payment.AuthorizationRequested: _authorization_requested,
    payment.PaymentAuthorized: _moved("authorize", "authorized"),
    shipment.ShipmentPaid: _parcel_paid,
    payment.CaptureRefused: lambda books, recorded: replace(books, payment="declined", intent=""),
    payment.PaymentDeclined: lambda books, recorded: replace(books, payment="declined", intent=""),
    payment.CaptureRequested: _intended("capturing"),
    payment.PaymentCaptured: _moved("capture", "captured"),
    payment.VoidRequested: _intended("voiding"),
    payment.PaymentVoided: _moved("void", "voided"),
    payment.RefundRequested: _intended("refunding"),
    payment.PaymentRefunded: _moved("refund", "refunded"),
    payment.RefundRefused: lambda books, recorded: replace(books, payment="captured", intent=""),
    payment.DisputeOpened: _disputed("dispute", 1),
    payment.DisputeWon: _disputed("reinstatement", -1),
    payment.DisputeLost: _disputed("", -1),
}
