"""How each event of an order changes its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from domain.decider import Event
from domain.orders.orderevents import (
    LinesCancelled,
    OrderCancelled,
    OrderConfirmed,
    OrderGiven,
    OrderGivenBack,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
)
from domain.orders.orderreview import Review, ReviewApproved, ReviewBegun, ReviewRejected
from domain.orders.orderstate import CancelledOrder, NoOrder, OpenOrder, Order, PaidOrder
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
)


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
