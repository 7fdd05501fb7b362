"""What becomes of an order after it was paid: refunds. Rules of the order, like those in ``domain/order.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain import refund
from domain.decider import Command, Event
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.money import Money
from domain.orderstate import NoOrder, Order, PaidOrder, status
from domain.refund import REFUNDS_MAX, RefundGranted

# commands


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


def grant_refund(command: GrantRefund, state: Order) -> list[Event]:
    paid = _paid(state)
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


def _paid(state: Order) -> PaidOrder:
    match state:
        case PaidOrder():
            return state
        case NoOrder():
            raise NotFound("no such order")
    raise IllegalTransition(f"an order that is {status(state)} has nothing to be refunded")


DECISIONS: Mapping[type[Command], Callable[[Any, Any], list[Event]]] = {
    GrantRefund: grant_refund,
}
