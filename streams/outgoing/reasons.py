"""Why an order was called off or money given back, in words for people."""

from __future__ import annotations

REASONS = {
    "out_of_stock": "sold out",
    "payment_declined": "the payment was declined",
    "expired": "it took too long to pay",
    "not_serviceable": "something in it cannot be delivered to this address",
    "limit_exceeded": "more than one customer may buy",
    "cancelled": "on request",
    "rejected": "we could not accept it",
    "returned": "for what came back",
}
