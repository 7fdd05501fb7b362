"""When nothing more is expected of an order: neither of the goods, nor of the money, nor of anybody. Pure."""

from __future__ import annotations

from domain.orders.orderstate import CancelledOrder, Order, PaidOrder, ordered
from domain.orders.shipment import reached
from domain.payments.payment import NoPayment, Payment, PaymentState


def is_over(state: Order, paid: PaymentState, now: int, window: int) -> bool:
    """``window`` is how long after its delivery something may be returned (ms). It may still happen: an order that is
    over is not barred from anything."""
    match state:
        case CancelledOrder():
            return _has_let_go(paid)
        case PaidOrder():
            return _has_arrived(state, now, window) and _is_quiet(state, paid)
    return False


def _has_arrived(state: PaidOrder, now: int, window: int) -> bool:
    """All of it, so long ago that none of it can be returned any more; or all its money has gone back."""
    if any(one.status in ("requested", "approved") for one in state.returns.values()):
        return False
    if state.refunded:
        return True
    last = max((one.delivered_at for one in state.shipments.values()), default=0)
    return reached(state.shipments, ordered(state)) == "delivered" and last + window < now


def _is_quiet(state: PaidOrder, paid: PaymentState) -> bool:
    """What is owed back is paid back, and no bank has yet to decide."""
    if isinstance(paid, NoPayment):
        return not state.placed.due.amount  # a gift card paid for everything
    asked = (one.refund_id in paid.refunds for one in state.refunds.values() if one.to_method.amount)
    return _rests(paid) and all(asked)


def _has_let_go(paid: PaymentState) -> bool:
    """Of an order that was called off the money is back, or was never taken."""
    if isinstance(paid, NoPayment) or paid.status in ("declined", "voided"):
        return True
    return _rests(paid) and not paid.left.amount


def _rests(paid: Payment) -> bool:
    """A refund that was refused waits for a person, as long as its money is there."""
    waits = any(one.status == "refused" and one.amount.amount <= paid.left.amount for one in paid.refunds.values())
    return not (paid.intent or paid.contested.amount or waits or paid.status == "partially_captured")
