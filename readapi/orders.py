"""An order as clients see it, folded from its own streams: a strong read, at any instant of its life."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from commands.mapper import recorded
from commands.store.port import EventLog
from commands.vault import Vault
from domain import checkout, order, payment, shipment
from domain.checkout import Checkout
from domain.codec import stored_name
from domain.errors import NotFound
from domain.ids import payment_id
from domain.order import ORDER
from domain.recorded import Recorded
from domain.shipment import Shipment, Shipments
from readapi.edge.positions import format_position
from readapi.instants import instant
from streams.outgoing.reasons import REASONS
from streams.published import HIDDEN


class OrderView(NamedTuple):
    """All that an order shows, however it was come by."""

    order_id: str
    placed: order.OrderPlaced
    status: str
    progress: str
    reason: str
    payment: str
    version: int
    """Of the order's own stream, as are the times."""
    updated_at: int
    shipments: Shipments


def view_of_checkout(state: Checkout, own: order.Order, version: int, updated_at: int) -> OrderView:
    return OrderView(
        order_id=state.order_id,
        placed=state.placed,
        status=order.status(own),
        progress=checkout.progress(state),
        reason=state.reason,
        payment=state.payment,
        version=version,
        updated_at=updated_at,
        shipments=own.shipments if isinstance(own, order.PaidOrder) else {},
    )


def view_of_states(order_id: str, state: order.Order, paid: Any, version: int, updated_at: int) -> OrderView:
    """From the order's and the payment's aggregates; ``paid`` may be None when there is no payment yet."""
    assert not isinstance(state, order.NoOrder)
    status = paid.status if isinstance(paid, payment.Payment) else "none"
    reason = state.reason if isinstance(state, order.CancelledOrder) else ""
    confirmed = isinstance(state, order.OpenOrder) and state.confirmed
    known = Checkout(
        order_id,
        state.placed,
        (),
        payment=status,
        order="confirmed" if confirmed else _PROGRESS[type(state)],
        reason=reason,
    )
    return view_of_checkout(known, state, version, updated_at)


_PROGRESS = {order.OpenOrder: "pending", order.PaidOrder: "paid", order.CancelledOrder: "cancelled"}


class Until(NamedTuple):
    """How far into its history an order is read: to a version of its stream, an instant (ms), or the end."""

    version: int | None = None
    at: int | None = None


async def history(log: EventLog, order_id: str, until: Until | None = None) -> list[Recorded]:
    """Every event of the order and its payment, in log order. Raises NotFound when there is none by then."""
    own = [recorded(row) for row in await log.read_stream(order_id)]
    if not own:
        raise NotFound("no such order")
    paid = [recorded(row) for row in await log.read_stream(payment_id(order_id))]
    events = sorted(own + paid, key=lambda event: event.position)
    if until is not None:
        events = _cut(events, own, until)
    if not events:
        raise NotFound("the order did not exist then")
    return events


def _cut(events: list[Recorded], own: Sequence[Recorded], until: Until) -> list[Recorded]:
    if until.version is not None:
        if not 1 <= until.version <= len(own):
            raise NotFound(f"the order has versions 1 to {len(own)}")
        last = own[until.version - 1].position
        events = [event for event in events if event.position <= last]
    if until.at is not None:
        events = [event for event in events if event.meta.recorded_at <= until.at]
    return events


def fold(events: Iterable[Recorded]) -> OrderView:
    state: Checkout | None = None
    own: Any = ORDER.initial
    version = updated_at = 0
    for event in events:
        state = checkout.evolve(state, event)
        if event.stream.startswith("ord_"):
            own = ORDER.evolve(own, event.event)
            version, updated_at = event.version, event.meta.occurred_at
    assert state is not None
    return view_of_checkout(state, own, version, updated_at)


def order_json(view: OrderView, vault: Vault, *, position: int, with_address: bool = True) -> dict[str, Any]:
    """``with_address`` is for answers that nobody stores; replies to idempotent commands are kept, and go without."""
    placed = view.placed
    progress: dict[str, Any] = {"state": view.progress}
    if view.reason:
        progress["reason"] = view.reason
    body = {
        "orderId": view.order_id,
        "status": view.status,
        "cartId": placed.cart_id,
        "lines": placed.quote.lines,
        "totals": placed.quote.totals,
        "shippingMethod": placed.quote.method,
        "taxInclusive": placed.quote.tax_inclusive,
        "promotions": placed.quote.promotions,
        "payment": {"paymentId": payment_id(view.order_id), "status": view.payment},
        "shipments": [shipment_json(key, one) for key, one in view.shipments.items()],
        "returns": [],
        "checkout": progress,
        "createdAt": instant(placed.at),
        "updatedAt": instant(view.updated_at),
        "version": view.version,
        "position": format_position(position),
    }
    if with_address:
        body["address"] = vault.open(placed.account_id, placed.address)
    return body


def shipment_json(shipment_id: str, shipment: Shipment) -> dict[str, Any]:
    return {
        "shipmentId": shipment_id,
        "shopId": shipment.shop_id,
        "status": shipment.status.upper(),
        "lines": [{"lineId": line_id, "quantity": units} for line_id, units in shipment.units.items()],
        "carrier": shipment.carrier or None,
        "tracking": shipment.tracking or None,
        "packedAt": instant(shipment.packed_at),
        "shippedAt": instant(shipment.shipped_at) if shipment.shipped_at else None,
        "deliveredAt": instant(shipment.delivered_at) if shipment.delivered_at else None,
    }


# timeline

WORDS: dict[type, str] = {
    order.OrderPlaced: "Order placed",
    order.OrderConfirmed: "Order confirmed: the goods are set aside and the payment is authorized",
    order.OrderPaid: "Order paid",
    order.OrderCancelled: "Order cancelled",
    shipment.ShipmentPacked: "Shipment packed",
    shipment.ShipmentShipped: "Shipment on its way",
    shipment.ShipmentDelivered: "Shipment delivered",
    payment.AuthorizationRequested: "Payment authorization requested",
    payment.PaymentAuthorized: "Payment authorized",
    payment.PaymentDeclined: "Payment declined",
    payment.CaptureRequested: "Payment capture requested",
    payment.PaymentCaptured: "Payment captured",
    payment.VoidRequested: "Release of the authorized amount requested",
    payment.PaymentVoided: "Authorized amount released",
    payment.RefundRequested: "Refund requested",
    payment.PaymentRefunded: "Refunded",
    payment.AttemptFailed: "The payment provider could not be reached; trying again",
}


def timeline_json(events: Iterable[Recorded]) -> list[dict[str, Any]]:
    return [
        {
            "position": format_position(event.position),
            "eventId": event.event_id,
            "type": stored_name(event.event),
            "at": instant(event.meta.occurred_at),
            "recordedAt": instant(event.meta.recorded_at),
            "actor": event.meta.actor,
            "text": _text(event),
            "data": _data(msgspec.to_builtins(event.event)),
        }
        for event in events
    ]


def _text(event: Recorded) -> str:
    words = WORDS[type(event.event)]
    match event.event:
        case order.OrderPlaced(quote=quote):
            return f"{words}: {_items(sum(line.quantity for line in quote.lines))} for {quote.totals.grand}"
        case order.OrderCancelled(reason=reason):
            return f"{words}: {REASONS.get(reason, reason)}"
        case shipment.ShipmentPacked(units=units):
            return f"{words}: {_items(sum(units.values()))}"
        case shipment.ShipmentShipped(carrier=carrier, tracking=tracking, units=units):
            return f"{words}: {_items(sum(units.values()))} with {carrier}{f', {tracking}' if tracking else ''}"
        case payment.PaymentDeclined(reason=reason):
            return f"{words}: {reason.replace('_', ' ')}"
        case payment.AuthorizationRequested() | payment.PaymentCaptured() | payment.PaymentRefunded():
            return f"{words}: {event.event.amount}"
    return words


def _items(count: int) -> str:
    return f"{count} {'item' if count == 1 else 'items'}"


def _data(data: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in data.items() if name not in HIDDEN}
    if "quote" in shown:
        shown["quote"] = {name: value for name, value in shown["quote"].items() if name not in HIDDEN}
    return shown
