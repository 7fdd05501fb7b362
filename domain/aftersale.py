"""What becomes of an order after it was paid: cancellation by line, and refunds.

Rules of the order's aggregate, like those in ``domain/order.py``. Money is owed back by the same decision that calls
for it, so that neither is ever recorded without the other; stock and payment hear of it from the saga.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain import refund
from domain.decider import Command, Event
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.money import Money
from domain.orderstate import (
    CancelledOrder,
    LinesCancelled,
    NoOrder,
    OpenOrder,
    Order,
    OrderCancelled,
    PaidOrder,
    status,
    to_send,
)
from domain.refund import REFUNDS_MAX, RefundGranted
from domain.shipment import Units

CANCELLATIONS_MAX = 200
"""Of lines of one order."""

# commands


class CancelLines(Command, frozen=True):
    """Some units, before they are packed. Of all that is left, it is the whole order."""

    order_id: str
    cancellation_id: str
    refund_id: str
    units: dict[str, int | None]
    """By line; None means all of them that are left."""
    at: int
    by: str = ""
    note: bytes = b""
    """Sealed with the buyer's key."""


class GrantRefund(Command, frozen=True):
    """An amount, or units and shipping, whose amount follows; nothing named means all that is left."""

    order_id: str
    refund_id: str
    reason: str
    at: int
    amount: Money | None = None
    units: dict[str, int | None] = {}
    """By line; None means all of them that are left."""
    shipping: bool = False


# decide


def cancel_lines(command: CancelLines, state: Order) -> list[Event]:
    match state:
        case OpenOrder():
            raise IllegalTransition("before it is paid, an order is called off whole or not at all")
        case CancelledOrder():
            return []
    paid = _paid(state, "cancelled by line")
    if command.cancellation_id in paid.cancellations:
        return []
    left = to_send(paid)
    units = refund.chosen(left, command.units, "are left to be cancelled; what is packed can be returned")
    if not paid.shipments and units == {line_id: most for line_id, most in left.items() if most}:
        return [cancelled_whole(paid, command.by, command.note)]
    if len(paid.cancellations) >= CANCELLATIONS_MAX:
        raise Invalid(f"an order has at most {CANCELLATIONS_MAX} cancellations of lines")
    cancellation = LinesCancelled(command.cancellation_id, units, command.at, command.by, command.note)
    return [cancellation, *_owed(paid, units, command.refund_id, "cancelled", command.at, command.cancellation_id)]


def cancelled_whole(paid: PaidOrder, by: str, note: bytes) -> OrderCancelled:
    """With what was left of it, when some units had been cancelled before: whoever gives the goods back must not need
    to know that from elsewhere."""
    return OrderCancelled("cancelled", by, to_send(paid) if paid.cancellations else {}, note)


def _owed(paid: PaidOrder, units: Units, refund_id: str, reason: str, at: int, cause: str) -> list[Event]:
    """What these units cost, as far as it is not owed back for another reason."""
    quote, granted = paid.placed.quote, paid.refunds.values()
    left = refund.left(quote, granted)
    lines = refund.within(refund.lines_of(quote, granted, units), left)
    amount = refund.amount_of(lines, {}, left.currency)
    return [RefundGranted(refund_id, amount, reason, at, lines, cause=cause)] if amount.amount else []


def grant_refund(command: GrantRefund, state: Order) -> list[Event]:
    paid = _paid(state, "refunded")
    if command.refund_id in paid.refunds:
        return []
    granted = paid.refunds.values()
    if sum(not one.cause for one in granted) >= REFUNDS_MAX:
        raise Invalid(f"an order has at most {REFUNDS_MAX} refunds")
    if command.units or command.shipping:
        return [_computed(command, paid)]
    left = refund.left(paid.placed.quote, granted)
    amount = left if command.amount is None else command.amount
    if amount.currency != left.currency:
        raise Invalid(f"this order was paid in {left.currency}", "/amount/currency")
    if not 1 <= amount.amount <= left.amount:
        raise Invalid(f"{left} of this order are left to be refunded", "/amount")
    return [RefundGranted(command.refund_id, amount, command.reason, command.at)]


def _computed(command: GrantRefund, paid: PaidOrder) -> RefundGranted:
    if command.amount is not None:
        raise Invalid("name an amount, or lines and shipping from which it follows", "/amount")
    quote, granted = paid.placed.quote, paid.refunds.values()
    available = refund.units_left(quote, granted)
    units = refund.chosen(available, command.units, "are left to be refunded")
    shipping = refund.shipping_left(quote, granted) if command.shipping else {}
    if command.shipping and not shipping:
        raise Invalid("shipping was free, or is refunded already", "/shipping")
    lines = refund.lines_of(quote, granted, units)
    left = refund.left(quote, granted)
    amount = refund.amount_of(lines, shipping, left.currency)
    if not 1 <= amount.amount <= left.amount:
        raise Invalid(f"these cost {amount}; {left} of this order are left to be refunded", "/lines")
    return RefundGranted(command.refund_id, amount, command.reason, command.at, lines, shipping)


def _paid(state: Order, what: str) -> PaidOrder:
    match state:
        case PaidOrder():
            return state
        case NoOrder():
            raise NotFound("no such order")
    raise IllegalTransition(f"an order that is {status(state)} cannot be {what}")


DECISIONS: Mapping[type[Command], Callable[[Any, Any], list[Event]]] = {
    CancelLines: cancel_lines,
    GrantRefund: grant_refund,
}
