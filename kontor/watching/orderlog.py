"""One line of log for each step of an order, keyed by order, account and trace, and without personal data.

Each is written once: by the process whose engine has committed the step. Names, addresses, tokens and what people wrote
are in no line; ids, words of the domain and the position in the log are, with which the event itself can be found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from commands.engine import Engine
from domain.orders import order, orderreview, refund, returns, shipment
from domain.recorded import Recorded

STEPS: Mapping[type, str] = {
    order.OrderPlaced: "order_placed",
    order.OrderConfirmed: "order_confirmed",
    order.OrderPaid: "order_paid",
    order.OrderCancelled: "order_cancelled",
    order.LinesCancelled: "order_lines_cancelled",
    order.OrderRefunded: "order_refunded",
    orderreview.ReviewBegun: "order_review_begun",
    orderreview.ReviewApproved: "order_review_approved",
    orderreview.ReviewRejected: "order_review_rejected",
    refund.RefundGranted: "order_refund_granted",
    returns.ReturnRequested: "order_return_requested",
    returns.ReturnApproved: "order_return_approved",
    returns.ReturnRejected: "order_return_rejected",
    returns.ReturnReceived: "order_return_received",
    shipment.ShipmentPacked: "order_packed",
    shipment.ShipmentUnpacked: "order_unpacked",
    shipment.ShipmentPaid: "order_shipment_paid",
    shipment.ShipmentShipped: "order_shipped",
    shipment.ShipmentDelivered: "order_delivered",
}
"""Events of an order that somebody who runs a shop asks for, and what the line is called."""
MORE: Mapping[str, str] = {"shipment_id": "shipment", "refund_id": "refund", "return_id": "return"}
"""Ids in an event that are told as well."""

log = structlog.get_logger("orders")


class OrderLog:
    """A listener of an engine. ``tell`` writes the line."""

    def __init__(self, engine: Engine, tell: Callable[..., Any] | None = None) -> None:
        self._engine = engine
        self._tell = tell or log.info

    def committed(self, events: Sequence[Recorded]) -> None:
        for recorded in events:
            step = STEPS.get(type(recorded.event))
            if step is not None:
                self._tell(step, **self._about(recorded))

    def _about(self, recorded: Recorded) -> dict[str, Any]:
        event, meta = recorded.event, recorded.meta
        about: dict[str, Any] = {"order": recorded.stream, "account": self._account(recorded)}
        about |= {"trace": meta.traceparent[3:35] or None, "actor": meta.actor, "position": recorded.position}
        if type(event) is order.OrderCancelled:
            about["reason"] = event.reason  # a word of the domain
        about |= {name: getattr(event, field) for field, name in MORE.items() if field in event.__struct_fields__}
        return about

    def _account(self, recorded: Recorded) -> str | None:
        """Who bought. What this engine has just written it still knows; None if it had to forget since."""
        if type(recorded.event) is order.OrderPlaced:
            return recorded.event.account_id
        known = self._engine.known(recorded.stream)
        placed = getattr(known.state, "placed", None) if known is not None else None
        return None if placed is None else str(placed.account_id)
