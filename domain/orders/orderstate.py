"""What an order adds up to, and what may be asked of it. The rules are in ``order.py`` and ``aftersale.py``."""

from __future__ import annotations

from domain.decider import State
from domain.errors import NotFound
from domain.ids import stock_id
from domain.orders.orderevents import LinesCancelled, OrderPlaced
from domain.orders.orderreview import Review
from domain.orders.policy import PARCEL, SHIPMENT
from domain.orders.refund import RefundGranted
from domain.orders.returns import Return
from domain.orders.shipment import Shipment, Units, packed, reached
from domain.pricing.pricing import Quote
from domain.pricing.promotion import uses_of


class NoOrder(State, frozen=True):
    pass


class OpenOrder(State, frozen=True):
    """PENDING: placed, perhaps confirmed, not paid. Packed in part or whole if the money is taken at the shipment;
    cancelled by line if it is taken by parcel."""

    placed: OrderPlaced
    confirmed: bool = False
    shipments: dict[str, Shipment] = {}
    review: Review | None = None
    cancellations: dict[str, LinesCancelled] = {}


class PaidOrder(State, frozen=True):
    """PAID, and what follows from its shipments: PACKED, SHIPPED, DELIVERED. REFUNDED when all money has gone back."""

    placed: OrderPlaced
    payment_id: str
    shipments: dict[str, Shipment] = {}
    cancellations: dict[str, LinesCancelled] = {}
    refunds: dict[str, RefundGranted] = {}
    """Owed back, by id."""
    returns: dict[str, Return] = {}
    """By id, the oldest first."""
    refunded: bool = False


class CancelledOrder(State, frozen=True):
    placed: OrderPlaced
    reason: str
    was_paid: bool = False
    note: bytes = b""
    cancellations: dict[str, LinesCancelled] = {}
    refunds: dict[str, RefundGranted] = {}


Order = NoOrder | OpenOrder | PaidOrder | CancelledOrder


def status(state: Order) -> str:
    match state:
        case OpenOrder():
            return "PENDING"
        case PaidOrder():
            if not (state.shipments or state.refunded):
                return "PAID"
            far = "refunded" if state.refunded else reached(state.shipments, ordered(state))
            return (far or "paid").upper()
        case CancelledOrder():
            return "CANCELLED"
    raise NotFound("no such order")


def rests(state: Order) -> bool:
    """Whether the order waits for a person or an hour, and may do so for days."""
    if not isinstance(state, OpenOrder):
        return False
    reviewed = state.review is not None and state.review.status == "open"
    return reviewed or (state.confirmed and bool(state.placed.capture) and not state.shipments)


def may_be_packed(state: Order) -> bool:
    """Paid, or confirmed when the money is taken at the shipment or by parcel."""
    if isinstance(state, OpenOrder):
        return state.confirmed and state.placed.capture in (SHIPMENT, PARCEL)
    return isinstance(state, PaidOrder)


def ordered(state: OpenOrder | PaidOrder, shop_id: str = "") -> Units:
    """Units by line that are to be sent, of one shop or of all: what was bought, less what was cancelled."""
    gone = cancelled(state)
    return {
        line.line_id: line.quantity - gone.get(line.line_id, 0)
        for line in state.placed.quote.lines
        if shop_id in ("", line.shop_id)
    }


def cancelled(state: OpenOrder | PaidOrder | CancelledOrder) -> Units:
    """Units by line that were cancelled one by one."""
    units: Units = {}
    for cancellation in state.cancellations.values():
        for line_id, quantity in cancellation.units.items():
            units[line_id] = units.get(line_id, 0) + quantity
    return units


def to_send(state: OpenOrder | PaidOrder, shop_id: str = "") -> Units:
    """Units by line that are in no parcel yet, of one shop or of all."""
    done = packed(state.shipments)
    return {line_id: units - done.get(line_id, 0) for line_id, units in ordered(state, shop_id).items()}


def is_to_bring(state: Order, shop_id: str) -> bool:
    """Whether this shop has something of it to pack or to deliver."""
    if not isinstance(state, OpenOrder | PaidOrder) or not may_be_packed(state):
        return False
    if any(one.shop_id == shop_id and one.status != "delivered" for one in state.shipments.values()):
        return True
    refunded = isinstance(state, PaidOrder) and state.refunded
    return not refunded and any(to_send(state, shop_id).values())


def stock_lines(quote: Quote) -> list[tuple[str, int]]:
    """Stock id and quantity of each line, and of a use of each promotion that may be used so often only."""
    goods = [(stock_id(line.shop_id, line.sku), line.quantity) for line in quote.lines]
    return goods + [(uses_of(used.promotion_id), 1) for used in quote.promotions if used.counted]
