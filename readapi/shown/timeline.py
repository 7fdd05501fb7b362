"""An order's life in words and data: every event of it, of its payment and of its part on a gift card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from domain.orders import order, orderreview, refund, returns, shipment
from domain.payments import giftcard, payment
from domain.recorded import Recorded
from domain.stored.codec import stored_name
from readapi.edge.positions import format_position
from readapi.instants import instant
from streams.outgoing.published import plain
from streams.outgoing.reasons import REASONS

WORDS: dict[type, str] = {
    order.OrderPlaced: "Order placed",
    order.OrderConfirmed: "Order confirmed: the goods are set aside and the payment is authorized",
    order.OrderPaid: "Order paid",
    order.OrderGiven: "Nothing was to be paid",
    order.OrderGivenBack: "Nothing is to be given back",
    order.OrderCancelled: "Order cancelled",
    order.LinesCancelled: "Cancelled by line",
    orderreview.ReviewBegun: "Waits until somebody has looked at it; the goods and the money stay set aside",
    orderreview.ReviewApproved: "Looked at and approved",
    orderreview.ReviewRejected: "Looked at and rejected",
    returns.ReturnRequested: "Return requested",
    returns.ReturnApproved: "Return approved",
    returns.ReturnRejected: "Return rejected",
    returns.ReturnReceived: "Return received",
    order.OrderRefunded: "Everything that was paid has been given back",
    refund.RefundGranted: "Refund granted",
    shipment.ShipmentPacked: "Shipment packed",
    shipment.ShipmentPaid: "Shipment paid",
    shipment.ShipmentGiven: "Nothing is to be paid for the shipment",
    shipment.ShipmentUnpacked: "Shipment unpacked: its money could not be taken",
    shipment.ShipmentShipped: "Shipment on its way",
    shipment.ShipmentDelivered: "Shipment delivered",
    payment.AuthorizationRequested: "Payment authorization requested",
    payment.PaymentAuthorized: "Payment authorized",
    payment.PaymentDeclined: "Payment declined",
    payment.CaptureRequested: "Payment capture requested",
    payment.PaymentCaptured: "Payment captured",
    payment.CaptureRefused: "The provider refused the capture",
    payment.VoidRequested: "Release of the authorized amount requested",
    payment.PaymentVoided: "Authorized amount released",
    payment.RefundRequested: "Refund requested",
    payment.PaymentRefunded: "Refunded",
    payment.RefundRefused: "The provider refused the refund",
    payment.DisputeOpened: "The buyer disputes the payment with his bank",
    payment.DisputeWon: "The dispute is won: the money stays",
    payment.DisputeLost: "The dispute is lost: the bank has given the money to the buyer",
    giftcard.GiftCardReserved: "Set aside on the gift card",
    giftcard.GiftCardRefused: "The gift card does not pay for it any more",
    giftcard.GiftCardReleased: "Set aside on the gift card no longer",
    giftcard.GiftCardRedeemed: "Paid by gift card",
    giftcard.GiftCardRefunded: "Given back to the gift card",
    payment.AttemptFailed: "The payment provider could not be reached; trying again",
}


REASONS_FOR_REVIEW = frozenset(("review", "reasons", "reviewWithin"))
"""Buyers read timelines too, and need not learn what is looked for."""


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
            "data": _data(event.event),
        }
        for event in events
    ]


def _text(event: Recorded) -> str:
    words = WORDS[type(event.event)]
    match event.event:
        case order.OrderPlaced(quote=quote):
            return f"{words}: {_items(sum(line.quantity for line in quote.lines))} for {quote.totals.grand}"
        case orderreview.ReviewRejected(by=""):
            return "Rejected: nobody had looked at it in time"
        case order.OrderCancelled(reason=reason):
            return f"{words}: {REASONS.get(reason, reason)}"
        case order.OrderGivenBack(units=units) if units:
            return f"{words} for what cost nothing"
        case returns.ReturnReceived(units=units, restock=restock):
            return f"{words}: {_items(sum(units.values()))}, {'to be sold again' if restock else 'written off'}"
        case returns.ReturnApproved(carrier=carrier, tracking=tracking) if carrier:
            return f"{words}: to be sent with {carrier}{f', {tracking}' if tracking else ''}"
        case (
            shipment.ShipmentPacked(units=units)
            | order.LinesCancelled(units=units)
            | returns.ReturnRequested(units=units)
        ):
            return f"{words}: {_items(sum(units.values()))}"
        case shipment.ShipmentShipped(carrier=carrier, tracking=tracking, units=units):
            return f"{words}: {_items(sum(units.values()))} with {carrier}{f', {tracking}' if tracking else ''}"
    return _of_money(words, event.event)


def _of_money(words: str, event: Any) -> str:
    match event:
        case refund.RefundGranted(amount=amount, reason=reason):
            return f"{words}: {amount}, {REASONS.get(reason, reason)}"
        case (
            payment.PaymentDeclined(reason=reason)
            | payment.RefundRefused(reason=reason)
            | payment.CaptureRefused(reason=reason)
        ):
            return f"{words}: {reason.replace('_', ' ')}"
        case (
            payment.AuthorizationRequested()
            | payment.PaymentCaptured()
            | shipment.ShipmentPaid()
            | payment.RefundRequested()
            | payment.PaymentRefunded()
            | payment.DisputeOpened()
            | payment.DisputeWon()
            | payment.DisputeLost()
            | giftcard.GiftCardReserved()
            | giftcard.GiftCardReleased()
            | giftcard.GiftCardRedeemed()
            | giftcard.GiftCardRefunded()
        ):
            return f"{words}: {event.amount}"
    return words


def _items(count: int) -> str:
    return f"{count} {'item' if count == 1 else 'items'}"


def _data(event: Any) -> dict[str, Any]:
    shown: dict[str, Any] = plain(event)
    return {name: value for name, value in shown.items() if name not in REASONS_FOR_REVIEW}
