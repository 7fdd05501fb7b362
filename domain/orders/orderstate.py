"""What can happen to an order, and what it adds up to.

The rules are in ``order.py`` and ``aftersale.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from domain.decider import Event, State
from domain.errors import NotFound
from domain.ids import stock_id
from domain.money import Money
from domain.orders import tender
from domain.orders.orderreview import Review, ReviewApproved, ReviewBegun, ReviewRejected
from domain.orders.policy import PARCEL, SHIPMENT
from domain.orders.refund import RefundGranted
from domain.orders.returns import Return, ReturnApproved, ReturnReceived, ReturnRejected, ReturnRequested
from domain.orders.shipment import (
    Shipment,
    ShipmentDelivered,
    ShipmentGiven,
    ShipmentPacked,
    ShipmentPaid,
    ShipmentShipped,
    ShipmentUnpacked,
    Units,
    packed,
    reached,
)
from domain.orders.tender import Covered
from domain.pricing.pricing import Quote
from domain.pricing.promotion import uses_of
from domain.pricing.serviceability import Undeliverable

# events


class OrderPlaced(Event, frozen=True):
    account_id: str
    cart_id: str
    generation: int
    """Which checkout of the cart this is; the first is 0."""
    quote: Quote
    address: bytes
    """Sealed with the buyer's key."""
    country: str
    region: str
    payment_token: str
    """The provider's name for the payment method; never a card number."""
    at: int
    hold_until: int
    limits: dict[str, int] = {}
    """Stock id to the most units one account may buy."""
    backorder: tuple[str, ...] = ()
    """Stock ids that may be sold below zero."""
    cart_holds: tuple[str, ...] = ()
    """Stock ids whose units the cart holds already; the order's holds take them over."""
    capture: str = ""
    """When the money is taken, as in ``policy.py``; empty for at once."""
    capture_at: int = 0
    """The instant (ms) when it is taken ``later``."""
    review: tuple[str, ...] = ()
    """Why a person is to look at it before the money is taken."""
    review_within: int = 0
    """How long that person has (ms)."""
    gift_card: Covered | None = None
    undeliverable: tuple[Undeliverable, ...] = ()
    """Why each of the quote's ``unserviceable`` lines cannot go there."""

    @property
    def due(self) -> Money:
        """What the payment method pays."""
        return tender.due(self.quote, self.gift_card)

    @property
    def is_by_parcel(self) -> bool:
        """Whether money is taken for each parcel; an order that costs nothing has none to take."""
        return self.capture == PARCEL and self.quote.totals.grand.amount > 0


class OrderConfirmed(Event, frozen=True):
    """Stock is committed and payment authorized: the order stands."""


class OrderPaid(Event, frozen=True):
    payment_id: str
    """Empty when nothing was to be paid."""


class OrderGiven(Event, frozen=True):
    """It costs nothing, so no money moves; but whoever pays for its promotions owes those who sold."""

    amount: Money
    """Nothing, in the order's currency."""


class OrderGivenBack(Event, frozen=True):
    """Of what cost nothing, an order or lines of one: these units are not sold after all, or came back."""

    amount: Money
    units: Units = {}
    """By line, and 1 by shop that has no parcel to make of it; none means all that are left."""


class OrderRefunded(Event, frozen=True):
    """Everything that was captured has been given back."""


class OrderCancelled(Event, frozen=True):
    reason: str
    """``out_of_stock``, ``payment_declined``, ``expired``, ``not_serviceable``, ``limit_exceeded`` or ``cancelled``;
    ``rejected`` by a review."""
    by: str = ""
    units: Units = {}
    """What was left of each line, if some units had been cancelled before; empty otherwise."""
    note: bytes = b""
    """What was said of it, sealed with the buyer's key."""


class LinesCancelled(Event, frozen=True):
    """Some units will not be sent: called off before they were packed."""

    cancellation_id: str
    units: Units
    at: int
    by: str = ""
    note: bytes = b""
    """What was said of it, sealed with the buyer's key."""


# state


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


# evolve


def order_placed(state: Order, event: OrderPlaced) -> Order:
    return OpenOrder(event)


def order_confirmed(state: Order, event: OrderConfirmed) -> Order:
    return replace(state, confirmed=True) if isinstance(state, OpenOrder) else state


def order_paid(state: Order, event: OrderPaid) -> Order:
    if isinstance(state, NoOrder):
        return state
    known = state if isinstance(state, OpenOrder) else OpenOrder(state.placed)
    return PaidOrder(state.placed, event.payment_id, known.shipments, known.cancellations)


def order_cancelled(state: Order, event: OrderCancelled) -> Order:
    if isinstance(state, NoOrder):
        return state
    if isinstance(state, PaidOrder):
        return CancelledOrder(state.placed, event.reason, True, event.note, state.cancellations, state.refunds)
    return CancelledOrder(state.placed, event.reason, note=event.note, cancellations=state.cancellations)


def review_begun(state: Order, event: ReviewBegun) -> Order:
    return replace(state, review=Review(event.until)) if isinstance(state, OpenOrder) else state


def review_approved(state: Order, event: ReviewApproved) -> Order:
    if not isinstance(state, OpenOrder) or state.review is None:
        return state
    return replace(state, review=replace(state.review, status="approved"))


def lines_cancelled(state: Order, event: LinesCancelled) -> Order:
    if not isinstance(state, OpenOrder | PaidOrder):
        return state
    return replace(state, cancellations={**state.cancellations, event.cancellation_id: event})


def order_refunded(state: Order, event: OrderRefunded) -> Order:
    return replace(state, refunded=True) if isinstance(state, PaidOrder) else state


def refund_granted(state: Order, event: RefundGranted) -> Order:
    if not isinstance(state, PaidOrder):
        return state
    return replace(state, refunds={**state.refunds, event.refund_id: event})


def shipment_packed(state: Order, event: ShipmentPacked) -> Order:
    packed = Shipment(
        event.shop_id, event.units, event.at, carrier=event.carrier, tracking=event.tracking, due=event.due
    )
    return _with(state, event.shipment_id, packed)


def shipment_paid(state: Order, event: ShipmentPaid) -> Order:
    return _moved(state, event.shipment_id, paid=True)


def shipment_unpacked(state: Order, event: ShipmentUnpacked) -> Order:
    if not isinstance(state, OpenOrder | PaidOrder):
        return state
    kept = {key: one for key, one in state.shipments.items() if key != event.shipment_id}
    return replace(state, shipments=kept)


def shipment_shipped(state: Order, event: ShipmentShipped) -> Order:
    return _moved(
        state, event.shipment_id, status="shipped", carrier=event.carrier, tracking=event.tracking, shipped_at=event.at
    )


def shipment_delivered(state: Order, event: ShipmentDelivered) -> Order:
    return _moved(state, event.shipment_id, status="delivered", delivered_at=event.at)


def _with(state: Order, shipment_id: str, shipment: Shipment) -> Order:
    if not isinstance(state, OpenOrder | PaidOrder):
        return state
    return replace(state, shipments={**state.shipments, shipment_id: shipment})


def _moved(state: Order, shipment_id: str, **changes: object) -> Order:
    known = state.shipments.get(shipment_id) if isinstance(state, OpenOrder | PaidOrder) else None
    return state if known is None else _with(state, shipment_id, replace(known, **changes))


def return_requested(state: Order, event: ReturnRequested) -> Order:
    begun = Return(event.shop_id, event.units, event.at, event.at, note=event.note)
    return _with_return(state, event.return_id, begun)


def return_approved(state: Order, event: ReturnApproved) -> Order:
    return _return_moved(state, event, status="approved", carrier=event.carrier, tracking=event.tracking)


def return_rejected(state: Order, event: ReturnRejected) -> Order:
    return _return_moved(state, event, status="rejected", refusal=event.note)


def return_received(state: Order, event: ReturnReceived) -> Order:
    return _return_moved(state, event, status="received", received=event.units, restocked=event.restock)


def _with_return(state: Order, return_id: str, known: Return) -> Order:
    if not isinstance(state, PaidOrder):
        return state
    return replace(state, returns={**state.returns, return_id: known})


def _return_moved(state: Order, event: ReturnApproved | ReturnRejected | ReturnReceived, **changes: Any) -> Order:
    known = state.returns.get(event.return_id) if isinstance(state, PaidOrder) else None
    return (
        state if known is None else _with_return(state, event.return_id, replace(known, moved_at=event.at, **changes))
    )


EVOLUTIONS: Mapping[type[Event], Callable[[Any, Any], Order]] = {
    OrderPlaced: order_placed,
    OrderConfirmed: order_confirmed,
    OrderPaid: order_paid,
    OrderGiven: lambda state, event: state,  # for the ledger
    OrderGivenBack: lambda state, event: state,
    ShipmentGiven: lambda state, event: state,
    OrderCancelled: order_cancelled,
    ReviewBegun: review_begun,
    ReviewApproved: review_approved,
    ReviewRejected: lambda state, event: state,  # the order is called off by the event that follows
    LinesCancelled: lines_cancelled,
    OrderRefunded: order_refunded,
    ShipmentPacked: shipment_packed,
    ShipmentPaid: shipment_paid,
    ShipmentUnpacked: shipment_unpacked,
    ShipmentShipped: shipment_shipped,
    ShipmentDelivered: shipment_delivered,
    RefundGranted: refund_granted,
    ReturnRequested: return_requested,
    ReturnApproved: return_approved,
    ReturnRejected: return_rejected,
    ReturnReceived: return_received,
}
