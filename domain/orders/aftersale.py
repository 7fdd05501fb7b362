"""What becomes of an order after it was paid: cancellation by line, returns and refunds.

Rules of the order's aggregate, like those in ``order.py``. Money is owed back by the same decision that calls
for it, so that neither is ever recorded without the other; stock and payment hear of it from the saga.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.decider import Command, Event
from domain.errors import Forbidden, IllegalTransition, Invalid, NotFound
from domain.money import Money
from domain.orders import owed, refund
from domain.orders.orderevents import LinesCancelled, OrderCancelled, OrderGivenBack
from domain.orders.orderstate import (
    CancelledOrder,
    NoOrder,
    OpenOrder,
    Order,
    PaidOrder,
    may_be_packed,
    status,
    to_send,
)
from domain.orders.parcel import is_by_parcel
from domain.orders.refund import REFUNDS_MAX, RefundGranted
from domain.orders.returns import (
    DAY_MS,
    RETURNS_MAX,
    Return,
    ReturnApproved,
    ReturnReceived,
    ReturnRejected,
    ReturnRequested,
    returnable,
)
from domain.orders.shipment import check_carriage

CANCELLATIONS_MAX = 200
"""Of lines of one order."""

# commands


class CancelLines(Command, frozen=True):
    """Some units, before they are packed. Of all that is left, it is the whole order; of all of a shop that has packed
    nothing, its shipping is owed back as well. Of an order whose money is taken by parcel no money was taken for them,
    and none is owed back."""

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
    contested: Money | None = None
    """What open disputes are about; it cannot be given back while the bank decides."""
    lost: Money | None = None
    """What the buyer got by disputes."""
    shipping_of: tuple[str, ...] = ()
    """Shops whose parcels ``shipping`` is about; none named means all."""
    seller_of: tuple[str, ...] = ()
    """Shops whose seller asks, who gives back what is of them alone; none named: an administrator does."""


class RequestReturn(Command, frozen=True):
    """Of one shop's units, delivered no longer than ``window`` ago (ms)."""

    order_id: str
    return_id: str
    units: dict[str, int | None]
    """By line; None means all of them that can be returned."""
    at: int
    window: int
    by: str = ""
    note: bytes = b""
    """Sealed with the buyer's key."""


class ApproveReturn(Command, frozen=True):
    order_id: str
    return_id: str
    at: int
    carrier: str = ""
    tracking: str = ""


class RejectReturn(Command, frozen=True):
    """Before anything of it was received: also when what was approved never came."""

    order_id: str
    return_id: str
    at: int
    note: bytes = b""
    """Sealed with the buyer's key."""


class ReceiveReturn(Command, frozen=True):
    """What arrived is owed back to the buyer; with ``refund_shipping`` the shop's share of shipping too."""

    order_id: str
    return_id: str
    refund_id: str
    at: int
    restock: bool
    units: dict[str, int | None] = {}
    """By line; none named means all of them."""
    refund_shipping: bool = False


# decide


def cancel_lines(command: CancelLines, state: Order) -> list[Event]:
    if isinstance(state, CancelledOrder):
        return []
    placed = _divisible(state)
    if command.cancellation_id in placed.cancellations:
        return []
    left = to_send(placed)
    units = refund.chosen(left, command.units, "are left to be cancelled; what is packed can be returned")
    if not placed.shipments and units == {line_id: most for line_id, most in left.items() if most}:
        return cancelled_whole(placed, command.by, command.note)
    if len(placed.cancellations) >= CANCELLATIONS_MAX:
        raise Invalid(f"an order has at most {CANCELLATIONS_MAX} cancellations of lines")
    cancellation = LinesCancelled(command.cancellation_id, units, command.at, command.by, command.note)
    if isinstance(placed, OpenOrder) or is_by_parcel(placed):
        return [cancellation]
    ids = command.refund_id, command.cancellation_id
    of = owed.sending_nothing(placed, units)
    events = [cancellation, *owed.owed_for(placed, units, "cancelled", command.at, *ids, of)]
    return owed.and_what_nobody_sends(command.order_id, placed, events, command.at)


def _divisible(state: Order) -> OpenOrder | PaidOrder:
    """An order that can be called off by line: paid, or one whose money is taken by parcel once it stands."""
    if not isinstance(state, OpenOrder):
        return _paid(state, "cancelled by line")
    if is_by_parcel(state) and may_be_packed(state):
        return state
    raise IllegalTransition("before it is paid, an order is called off whole or not at all")


def cancelled_whole(order: OpenOrder | PaidOrder, by: str, note: bytes) -> list[Event]:
    """With what was left of it, when some units had been cancelled before: whoever gives the goods back must not need
    to know that from elsewhere."""
    called_off = OrderCancelled("cancelled", by, to_send(order) if order.cancellations else {}, note)
    if isinstance(order, OpenOrder):
        return [called_off]
    if not order.payment_id:
        return [called_off, OrderGivenBack(order.placed.quote.totals.grand)]
    if owed.left(order).amount:
        return [called_off]  # with the rest of the money goes what was paid for what cost nothing
    unsent = {line_id: units for line_id, units in to_send(order).items() if units}
    return [called_off, *owed.given_back(order, unsent, owed.sending_nothing(order, unsent))]


def grant_refund(command: GrantRefund, state: Order) -> list[Event]:
    paid = _paid(state, "refunded")
    if command.refund_id in paid.refunds:
        return []
    granted = paid.refunds.values()
    if sum(not one.cause for one in granted) >= REFUNDS_MAX:
        raise Invalid(f"an order has at most {REFUNDS_MAX} refunds")
    if command.seller_of:
        _require_sellers_own(command, paid)
    computed = command.units or command.shipping
    refunding = owed.granting(paid, (_computed if computed else _named)(command, paid), _disputed(command))
    return owed.and_what_nobody_sends(command.order_id, paid, [refunding], command.at, command.lost)


def _named(command: GrantRefund, paid: PaidOrder) -> RefundGranted:
    left = _refundable(command, paid)
    amount = left if command.amount is None else command.amount
    if amount.currency != left.currency:
        raise Invalid(f"this order was paid in {left.currency}", "/amount/currency")
    _check_disputes(command, amount, left)
    if not 1 <= amount.amount <= left.amount:
        raise Invalid(
            f"more than nothing, and at most the {left} of this order that are left to be refunded", "/amount"
        )
    return RefundGranted(command.refund_id, amount, command.reason, command.at)


def _computed(command: GrantRefund, paid: PaidOrder) -> RefundGranted:
    if command.amount is not None:
        raise Invalid("name an amount, or lines and shipping from which it follows", "/amount")
    quote, granted = paid.placed.quote, paid.refunds.values()
    units = refund.chosen(owed.units_left(paid), command.units, "are left to be refunded")
    shipping = _shipping_left(command, paid) if command.shipping else {}
    if command.shipping and not shipping:
        raise Invalid("shipping was free, or is refunded already", "/shipping")
    lines = refund.lines_of(quote, granted, units)
    left = _refundable(command, paid)
    amount = refund.amount_of(lines, shipping, left.currency)
    _check_disputes(command, amount, left)
    if not 1 <= amount.amount <= left.amount:
        raise Invalid(f"these cost {amount}; {left} of this order are left to be refunded", "/lines")
    return RefundGranted(command.refund_id, amount, command.reason, command.at, lines, shipping)


def _shipping_left(command: GrantRefund, paid: PaidOrder) -> dict[str, Money]:
    shops = command.seller_of or command.shipping_of
    return {shop_id: left for shop_id, left in owed.shipping_left(paid).items() if not shops or shop_id in shops}


def _require_sellers_own(command: GrantRefund, paid: PaidOrder) -> None:
    """A seller gives back what nobody else bears a part of. An amount without lines is shared out over all that is left
    of an order, and so is what a bank gives the buyer; from then on nobody can tell whose the rest of a line is.

    Raises Forbidden, IllegalTransition.
    """
    if command.amount is not None or not (command.units or command.shipping):
        raise Forbidden("an amount, or all of an order, is for administrators: name lines of your own, or shipping")
    if any(line.line_id in command.units and line.shop_id not in command.seller_of for line in paid.placed.quote.lines):
        raise Forbidden("other shops sell these lines")
    if all(line.shop_id in command.seller_of for line in paid.placed.quote.lines):
        return
    if _disputed(command):
        raise IllegalTransition("other shops sell some of this order, whose payment is disputed: ask an administrator")
    if any(not (one.lines or one.shipping) for one in paid.refunds.values()):
        raise IllegalTransition(
            "other shops sell some of this order, of which an amount was refunded without lines: ask an administrator"
        )


def _refundable(command: GrantRefund, paid: PaidOrder) -> Money:
    """What is neither owed back already nor disputed, nor gone by a dispute."""
    left = owed.left(paid)
    return Money(max(0, left.amount - _disputed(command)), left.currency)


def _disputed(command: GrantRefund) -> int:
    return sum(one.amount for one in (command.contested, command.lost) if one is not None)


def _check_disputes(command: GrantRefund, amount: Money, left: Money) -> None:
    contested = 0 if command.contested is None else command.contested.amount
    if contested and (not amount.amount or left.amount < amount.amount <= left.amount + contested):
        raise IllegalTransition(
            f"{command.contested} of this order are disputed, {left} are left: wait until the bank has decided"
        )


def request_return(command: RequestReturn, state: Order) -> list[Event]:
    paid = _paid(state, "returned")
    if command.return_id in paid.returns:
        return []
    if len(paid.returns) >= RETURNS_MAX:
        raise Invalid(f"an order has at most {RETURNS_MAX} returns")
    shop_id = _one_shop(paid, command.units)
    can = returnable(paid.shipments, paid.returns.values(), command.at, command.window)
    available = {line.line_id: can.get(line.line_id, 0) for line in paid.placed.quote.lines}
    days = command.window // DAY_MS
    rule = f"can be returned: delivered no longer than {days} days ago, and in no other return"
    units = refund.chosen(available, command.units, rule)
    return [ReturnRequested(command.return_id, shop_id, units, command.at, command.by, command.note)]


def _one_shop(paid: PaidOrder, wanted: Mapping[str, int | None]) -> str:
    """The shop whose lines are named. Raises Invalid for lines of several, or none."""
    if not wanted:
        raise Invalid("name the lines that are sent back", "/lines")
    shop_of = {line.line_id: line.shop_id for line in paid.placed.quote.lines}
    first = ""
    for i, line_id in enumerate(wanted):
        shop_id = shop_of.get(line_id, first)
        first = first or shop_id
        if shop_id != first:
            raise Invalid("another shop sells this line: ask for its return apart", f"/lines/{i}/lineId")
    return first


def approve_return(command: ApproveReturn, state: Order) -> list[Event]:
    known = _return(state, command.return_id)
    check_carriage(command.carrier, command.tracking)
    if known.status == "approved" and (known.carrier, known.tracking) == (command.carrier, command.tracking):
        return []
    if known.status != "requested":
        raise IllegalTransition(f"this return is {known.status} already")
    return [ReturnApproved(command.return_id, command.at, command.carrier, command.tracking)]


def reject_return(command: RejectReturn, state: Order) -> list[Event]:
    known = _return(state, command.return_id)
    if known.status == "rejected":
        return []
    if known.status == "received":
        raise IllegalTransition("this return is received already")
    return [ReturnRejected(command.return_id, command.at, command.note)]


def receive_return(command: ReceiveReturn, state: Order) -> list[Event]:
    known = _return(state, command.return_id)
    units = refund.chosen(known.units, command.units, "are in this return") if command.units else known.units
    paid = _paid(state, "returned")
    if known.status == "received" and (known.received, known.restocked) == (units, command.restock):
        with_shipping = any(one.cause == command.return_id and one.shipping for one in paid.refunds.values())
        if with_shipping == command.refund_shipping:
            return []
    if known.status != "approved":
        raise IllegalTransition(
            "approve the return first" if known.status == "requested" else f"this return is {known.status} already"
        )
    shipping_of = {known.shop_id} if command.refund_shipping else set()
    if not shipping_of <= owed.shipping_left(paid).keys():
        raise Invalid("shipping was free, or is refunded already", "/refundShipping")
    received = ReturnReceived(command.return_id, units, command.restock, command.at)
    ids = command.refund_id, command.return_id
    events = [received, *owed.owed_for(paid, units, "returned", command.at, *ids, shipping_of)]
    return owed.and_what_nobody_sends(command.order_id, paid, events, command.at)


def _return(state: Order, return_id: str) -> Return:
    known = state.returns.get(return_id) if isinstance(state, PaidOrder) else None
    if known is None:
        raise NotFound("no such return")
    return known


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
    RequestReturn: request_return,
    ApproveReturn: approve_return,
    RejectReturn: reject_return,
    ReceiveReturn: receive_return,
}
