"""What people did to orders after they were placed, as the commands by which they did it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.decider import Command, Event
from domain.ids import unsent_id
from domain.orders import aftersale, order, orderreviewing, returns, shipment
from domain.orders.order import RefundGranted
from domain.orders.orderreview import ReviewApproved, ReviewRejected

FOREVER_MS = 1 << 50
"""A return that was taken then was in time."""


def deed_of(order_id: str, event: Event) -> Command | None:
    """None for what followed from something else."""
    made = _DEEDS.get(type(event))
    return None if made is None else made(order_id, event)


def _cancelled(order_id: str, event: order.OrderCancelled) -> Command | None:
    """By its buyer; who rejected it after a look has said so by another event, and the rest is the saga's."""
    return order.CancelOrder(order_id, event.reason, event.by, event.note) if event.reason == "cancelled" else None


def _refunded(order_id: str, event: RefundGranted) -> Command | None:
    """By hand; what a return or a cancellation is owed follows from that."""
    if event.cause:
        return None
    if not event.lines and not event.shipping:
        return aftersale.GrantRefund(order_id, event.refund_id, event.reason, event.at, event.amount)
    units: dict[str, int | None] = {line.line_id: line.quantity for line in event.lines}
    shops = tuple(event.shipping)
    return aftersale.GrantRefund(
        order_id, event.refund_id, event.reason, event.at, units=units, shipping=bool(shops), shipping_of=shops
    )


def _called_off(order_id: str, event: order.LinesCancelled) -> Command | None:
    """What nobody wished for was called off since its money was gone, or went back: that follows anew, if it does."""
    if event.cancellation_id == unsent_id(order_id):
        return None
    ids = event.cancellation_id, _refund_id(event.cancellation_id)
    return aftersale.CancelLines(order_id, *ids, {**event.units}, event.at, event.by, event.note)


def _refund_id(cause: str) -> str:
    """Of what follows: it carries the number of what it follows from."""
    return "rfd_" + cause[4:]


_DEEDS: Mapping[type[Event], Callable[[str, Any], Command | None]] = {
    order.OrderCancelled: _cancelled,
    order.LinesCancelled: _called_off,
    RefundGranted: _refunded,
    ReviewApproved: lambda order_id, event: orderreviewing.ApproveReview(order_id, event.at, event.by, event.note),
    ReviewRejected: lambda order_id, event: orderreviewing.RejectReview(order_id, event.at, event.by, event.note),
    shipment.ShipmentPacked: lambda order_id, event: order.PackShipment(
        order_id, event.shipment_id, event.shop_id, event.at, event.units, event.carrier, event.tracking
    ),
    shipment.ShipmentShipped: lambda order_id, event: order.ShipShipment(
        order_id, event.shipment_id, event.carrier, event.tracking, event.at
    ),
    shipment.ShipmentDelivered: lambda order_id, event: order.DeliverShipment(order_id, event.shipment_id, event.at),
    returns.ReturnRequested: lambda order_id, event: aftersale.RequestReturn(
        order_id, event.return_id, event.units, event.at, FOREVER_MS, event.by, event.note
    ),
    returns.ReturnApproved: lambda order_id, event: aftersale.ApproveReturn(
        order_id, event.return_id, event.at, event.carrier, event.tracking
    ),
    returns.ReturnRejected: lambda order_id, event: aftersale.RejectReturn(
        order_id, event.return_id, event.at, event.note
    ),
    returns.ReturnReceived: lambda order_id, event: aftersale.ReceiveReturn(
        order_id, event.return_id, _refund_id(event.return_id), event.at, event.restock, event.units
    ),
}
