"""What is known of one checkout, and of what came after it: its steps. Its money is in ``funds.py``, how all of it
comes to be known in ``evolution.py``."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from domain.checkout.funds import OPEN, CardFunds, PaymentFunds
from domain.decider import State
from domain.money import Money
from domain.orders import order

FOREVER = 1 << 62


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


class Checkout(State, frozen=True):
    """Known so far of the checkout of one order."""

    order_id: str
    placed: order.OrderPlaced

    lines: tuple[Line, ...]
    cart: str = "open"
    """``open``, ``closed``, ``reopened``, or ``merged`` into the buyer's own while the order was under way."""
    taken: dict[str, int] = {}
    """Units that left the cart, by line; they come back if the order comes to nothing."""

    payment: PaymentFunds = PaymentFunds()
    card: CardFunds = CardFunds()

    order: str = "pending"
    """``pending``, ``confirmed``, ``paid`` or ``cancelled``."""
    reason: str = ""
    """Why the order was called off."""
    refunded: bool = False
    """The order knows that all its money has gone back."""
    review: str = ""
    """Of an order that a person is to look at: ``open`` or ``approved``, once it has come so far."""
    review_until: int = 0
    """When it is rejected unless somebody has approved it (ms)."""

    packed: bool = False
    """A parcel stands ready, for which the money is not taken in parts."""
    parcels: dict[str, Parcel] = {}
    """In the order in which they were packed, where the money is taken by parcel."""
    unsent: dict[str, int] = {}
    """Units by line that are in no parcel yet, likewise; none of those that were cancelled."""

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
    waits = state.order in ("confirmed", "paid") and state.payment.status in OPEN
    return state.payment.authorized_until if waits and state.payment.authorized_until else FOREVER


def captured(state: Checkout) -> int:
    """Minor units that the payment has, or had before it gave some back; what is taken at once counts from the
    start."""
    return state.payment.captured if is_by_parcel(state) else state.placed.due.amount


def ordered(state: Checkout) -> dict[str, int]:
    """Units by line of the cart."""
    return {line.line_id: line.quantity for line in state.placed.quote.lines}


def with_payment(state: Checkout, **changes: Any) -> Checkout:
    return replace(state, payment=replace(state.payment, **changes))


def with_card(state: Checkout, **changes: Any) -> Checkout:
    return replace(state, card=replace(state.card, **changes))
