"""What is known of one checkout, and of what came after it. How it comes to be known is in ``evolution.py``."""

from __future__ import annotations

from domain.decider import State
from domain.money import Money
from domain.orders import order

FOREVER = 1 << 62
OPEN = ("authorized", "partially_captured")
"""Money is set aside, and nothing of the payment is under way."""


class Line(State, frozen=True):
    """One line's stock: ``none``, ``held``, ``refused``, ``committed`` or ``released``."""

    stock_id: str
    quantity: int
    stock: str = "none"
    refusal: str = ""
    until: int = 0
    """When the hold runs out, if it is held."""


class Parcel(State, frozen=True):
    """One whose money is taken when it is packed: ``packed``, ``taken`` or ``paid``, once the order knows."""

    due: Money
    units: dict[str, int]
    """By line."""
    status: str = "packed"


class Owed(State, frozen=True):
    """Money that the order owes back."""

    amount: Money
    reason: str


class Refunding(State, frozen=True):
    """A refund that the payment was asked for."""

    amount: Money
    reason: str
    decided: int = 0
    """Disputes that the bank had decided by then."""


class Checkout(State, frozen=True):
    """Known so far of the checkout of one order."""

    order_id: str
    placed: order.OrderPlaced
    lines: tuple[Line, ...]
    cart: str = "open"
    """``open``, ``closed``, ``reopened``, or ``merged`` into the buyer's own while the order was under way."""
    taken: dict[str, int] = {}
    """Units that left the cart, by line; they come back if the order comes to nothing."""
    payment: str = "none"
    """The payment's status, as in ``domain/payments/payment.py``."""
    intent: str = ""
    """Event id of the open payment intent: the provider's idempotency key."""
    reference: str = ""
    authorized_until: int = 0
    """When the provider lets the money go by itself (ms); 0 if it did not say."""
    attempts: int = 0
    refunding: Refunding | None = None
    """The open refund."""
    refused: dict[str, Refunding] = {}
    """Refunds by id that the provider did not make, and that nobody has asked for again."""
    back: int = 0
    """Minor units that were given back."""
    contested: dict[str, int] = {}
    """Minor units by open dispute."""
    lost: int = 0
    """Minor units that the buyer got by disputes."""
    decided: int = 0
    """Disputes that the bank has decided, for whomever."""
    rest_asked: bool = False
    """Whatever was left was asked back, because the order was called off. That happens once."""
    order: str = "pending"
    """``pending``, ``confirmed``, ``paid`` or ``cancelled``."""
    reason: str = ""
    card: str = ""
    """What became of a gift card's part of the price: ``reserved``, ``refused``, ``redeemed`` or ``released``."""
    card_back: int = 0
    """Minor units that were given back to it."""
    card_owed: dict[str, Money] = {}
    """What is to be given back to it, by refund."""
    refunded: bool = False
    """The order knows that all its money has gone back."""
    review: str = ""
    """Of an order that a person is to look at: ``open`` or ``approved``, once it has come so far."""
    review_until: int = 0
    packed: bool = False
    """A parcel stands ready, for which the money is not taken in parts."""
    parcels: dict[str, Parcel] = {}
    """In the order in which they were packed, where the money is taken by parcel."""
    unsent: dict[str, int] = {}
    """Units by line that are in no parcel yet, likewise; none of those that were cancelled."""
    captured: int = 0
    """Minor units that were taken by parcel."""
    released: bool = False
    """Money was taken by parcel, and none is set aside any more."""
    owed: dict[str, Owed] = {}
    """Refunds by id that the payment has not been asked for, the oldest first."""
    giving: dict[str, dict[str, int]] = {}
    """Units by stock id of each cancellation of lines, while stock has not heard of it."""
    returning: dict[str, dict[str, int]] = {}
    """Units by stock id of each return that can be sold again, while stock has not heard of it."""
    leaving: dict[str, dict[str, int]] = {}
    """Units by stock id of each shipment that has left, while stock has not heard of it."""


def is_by_parcel(state: Checkout) -> bool:
    return state.placed.is_by_parcel


def runs_out_at(state: Checkout) -> int:
    """When an order that stands, whose money is to be taken later, comes to nothing because it is not set aside any
    more; FOREVER while that is not known, or nothing is set aside."""
    waits = state.order in ("confirmed", "paid") and state.payment in OPEN
    return state.authorized_until if waits and state.authorized_until else FOREVER


def captured(state: Checkout) -> int:
    """Minor units that the payment has, or had before it gave some back; what is taken at once counts from the
    start."""
    return state.captured if is_by_parcel(state) else state.placed.due.amount


def ordered(state: Checkout) -> dict[str, int]:
    """Units by line of the cart."""
    return {line.line_id: line.quantity for line in state.placed.quote.lines}
