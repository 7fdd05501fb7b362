"""Checkout: the saga from a placed order to one that is paid and sent, as a pure decider. Events in, commands out.

It is level-triggered: ``evolve`` keeps what is known of one checkout, ``next_commands`` says what should be asked
for now. Asking twice is harmless, because every aggregate ignores what it has done already; so it does not matter
whether the engine asks within the batch that wrote the events, or a process that finds the checkout hours later
after a crash.

    CART_VALIDATED → INVENTORY_RESERVED → PAYMENT_AUTHORIZED → ORDER_CREATED → PAYMENT_CAPTURED, or COMPENSATED
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from domain import cart, inventory, order, payment, shipment
from domain.decider import Command, State
from domain.ids import payment_id, stock_id
from domain.money import Money
from domain.promotion import is_use
from domain.recorded import Recorded

PAYMENT_GRACE_MS = 60_000
"""How long after the holds ran out an unanswered authorization may still come back before the order is cancelled."""


class Line(State, frozen=True):
    """One line's stock: ``none``, ``held``, ``refused``, ``committed`` or ``released``."""

    stock_id: str
    quantity: int
    stock: str = "none"
    refusal: str = ""


class Checkout(State, frozen=True):
    """Known so far of the checkout of one order."""

    order_id: str
    placed: order.OrderPlaced
    lines: tuple[Line, ...]
    cart: str = "open"
    """``open``, ``closed``, ``reopened``, or ``merged`` into the buyer's own while the order was under way."""
    taken: dict[str, int] = {}
    """Units that left the cart, by line; they come back if the order comes to nothing."""
    payment: str = "none"
    """The payment's status, as in ``domain/payment.py``."""
    intent: str = ""
    """Event id of the open payment intent: the provider's idempotency key."""
    reference: str = ""
    attempts: int = 0
    refunding: Money | None = None
    """What the open refund gives back."""
    back: int = 0
    """Minor units that were given back."""
    rest_asked: bool = False
    """Whatever was left was asked back, because the order was called off. That happens once."""
    order: str = "pending"
    """``pending``, ``confirmed``, ``paid`` or ``cancelled``."""
    reason: str = ""
    leaving: dict[str, dict[str, int]] = {}
    """Units by stock id of each shipment that has left, while stock has not heard of it."""


# evolve


def begin(recorded: Recorded) -> Checkout:
    placed: order.OrderPlaced = recorded.event
    lines = tuple(Line(stock_id, quantity) for stock_id, quantity in order.stock_lines(placed))
    return Checkout(recorded.stream, placed, lines)


def evolve(state: Checkout | None, recorded: Recorded) -> Checkout | None:
    """Takes in one event that is correlated to the order; None until the order was placed."""
    if type(recorded.event) is order.OrderPlaced:
        return begin(recorded) if state is None else state
    if state is None:
        return None
    evolution = _EVOLUTIONS.get(type(recorded.event))
    return state if evolution is None else evolution(state, recorded)


def _line_to(status: str) -> Callable[[Checkout, Recorded], Checkout]:
    def evolution(state: Checkout, recorded: Recorded) -> Checkout:
        if recorded.event.hold_id != state.order_id:
            return state
        refusal = getattr(recorded.event, "reason", "") if status == "refused" else ""
        undone = type(recorded.event) is inventory.StockUncommitted
        lines = tuple(
            replace(line, stock=status, refusal=refusal)
            if line.stock_id == recorded.stream and (undone or line.stock != "committed")
            else line  # what is sold stays sold until that is undone, whatever a late command says of its hold
            for line in state.lines
        )
        return replace(state, lines=lines)

    return evolution


def _set(**changes: Any) -> Callable[[Checkout, Recorded], Checkout]:
    return lambda state, recorded: replace(state, **changes)


def _intent(status: str) -> Callable[[Checkout, Recorded], Checkout]:
    return lambda state, recorded: replace(state, payment=status, intent=recorded.event_id, attempts=0)


def _authorized(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, payment="authorized", intent="", reference=recorded.event.reference)


def _refund_requested(state: Checkout, recorded: Recorded) -> Checkout:
    asked: payment.RefundRequested = recorded.event
    return replace(
        state,
        payment="refunding",
        intent=recorded.event_id,
        attempts=0,
        refunding=asked.amount,
        rest_asked=state.rest_asked or asked.refund_id == payment.THE_REST,
    )


def _refunded(state: Checkout, recorded: Recorded) -> Checkout:
    back = state.back + recorded.event.amount.amount
    done = back >= state.placed.quote.totals.grand.amount
    status = "refunded" if done else "partially_refunded"
    return replace(state, payment=status, intent="", refunding=None, back=back)


def _refund_refused(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, payment="partially_refunded" if state.back else "captured", intent="", refunding=None)


def _attempt_failed(state: Checkout, recorded: Recorded) -> Checkout:
    attempt = recorded.event
    return replace(state, attempts=attempt.number) if attempt.intent == state.intent else state


def _cancelled(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, order="cancelled", reason=recorded.event.reason)


def _cart_checked_out(state: Checkout, recorded: Recorded) -> Checkout:
    closing = recorded.event
    ordered = _ordered(state)
    taken = {item_id: closing.taken.get(item_id, ordered.get(item_id, 0)) for item_id in closing.item_ids}
    return replace(state, cart="closed" if taken else "reopened", taken=taken)


def _cart_reopened(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, cart="merged" if recorded.event.merged_into else "reopened")


def _cart_merged(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, cart="reopened") if recorded.event.source == state.order_id else state


def _shipped(state: Checkout, recorded: Recorded) -> Checkout:
    left: shipment.ShipmentShipped = recorded.event
    units: dict[str, int] = {}
    for line in state.placed.quote.lines:
        if line.line_id in left.units:
            stock = stock_id(line.shop_id, line.sku)
            units[stock] = units.get(stock, 0) + left.units[line.line_id]
    return replace(state, leaving={**state.leaving, left.shipment_id: units})


def _stock_shipped(state: Checkout, recorded: Recorded) -> Checkout:
    shipment_id = recorded.event.shipment_id
    units = {stock: left for stock, left in state.leaving.get(shipment_id, {}).items() if stock != recorded.stream}
    others = {key: left for key, left in state.leaving.items() if key != shipment_id}
    return replace(state, leaving={**others, shipment_id: units} if units else others)


_EVOLUTIONS: dict[type, Callable[[Checkout, Recorded], Checkout]] = {
    cart.CartCheckedOut: _cart_checked_out,
    cart.CartReopened: _cart_reopened,
    cart.CartMerged: _cart_merged,
    inventory.StockHeld: _line_to("held"),
    inventory.StockRefused: _line_to("refused"),
    inventory.StockCommitted: _line_to("committed"),
    inventory.StockReleased: _line_to("released"),
    inventory.HoldBarred: _line_to("released"),
    inventory.StockUncommitted: _line_to("released"),
    payment.AuthorizationRequested: _intent("authorizing"),
    payment.PaymentAuthorized: _authorized,
    payment.PaymentDeclined: _set(payment="declined", intent=""),
    payment.CaptureRequested: _intent("capturing"),
    payment.PaymentCaptured: _set(payment="captured", intent=""),
    payment.VoidRequested: _intent("voiding"),
    payment.PaymentVoided: _set(payment="voided", intent=""),
    payment.RefundRequested: _refund_requested,
    payment.PaymentRefunded: _refunded,
    payment.RefundRefused: _refund_refused,
    payment.AttemptFailed: _attempt_failed,
    order.OrderConfirmed: _set(order="confirmed"),
    order.OrderPaid: _set(order="paid"),
    order.OrderCancelled: _cancelled,
    shipment.ShipmentShipped: _shipped,
    inventory.StockShipped: _stock_shipped,
}
RELEVANT = frozenset((order.OrderPlaced, *_EVOLUTIONS))


# decide


def next_commands(state: Checkout, now: int) -> list[Command]:
    """What to ask for at the instant ``now`` (ms); nothing when the checkout is settled or waits for the provider."""
    if state.order == "paid":
        return _ship(state)
    if state.order == "cancelled":
        return _compensate(state, now)
    if state.cart == "open":
        return [_check_out_cart(state, now)]
    refusal = _refusal(state, now)
    if refusal:
        return [order.CancelOrder(state.order_id, refusal)]
    if state.payment == "none":
        return _reserve(state, now) or [
            payment.RequestAuthorization(
                payment_id(state.order_id),
                state.order_id,
                state.placed.quote.totals.grand,
                state.placed.payment_token,
            )
        ]
    if state.payment == "authorized":
        return _confirm(state, now)
    if state.payment == "captured":
        return [order.MarkOrderPaid(state.order_id, payment_id(state.order_id))]
    return []


def _ship(state: Checkout) -> list[Command]:
    """What has left the house leaves the books of its stock."""
    return [
        inventory.ShipStock(stock, shipment_id, units)
        for shipment_id, left in state.leaving.items()
        for stock, units in left.items()
    ]


def _check_out_cart(state: Checkout, now: int) -> Command:
    return cart.CheckOutCart(state.placed.cart_id, state.order_id, _ordered(state), now)


def _ordered(state: Checkout) -> dict[str, int]:
    """Units by line of the cart."""
    return {line.line_id: line.quantity for line in state.placed.quote.lines}


def _refusal(state: Checkout, now: int) -> str:
    """Why the order cannot go on, or an empty string."""
    if state.placed.quote.unserviceable:
        return "not_serviceable"
    for line in state.lines:
        if line.stock == "refused":
            return "limit_exceeded" if is_use(line.stock_id) and line.refusal == "out_of_stock" else line.refusal
    if state.payment == "declined":
        return "payment_declined"
    ran_out = {"none": state.placed.hold_until, "authorizing": state.placed.hold_until + PAYMENT_GRACE_MS}
    return "expired" if now > ran_out.get(state.payment, now) else ""


def _reserve(state: Checkout, now: int) -> list[Command]:
    placed = state.placed
    return [
        inventory.HoldStock(
            stock_id=line.stock_id,
            hold_id=state.order_id,
            quantity=line.quantity,
            at=now,
            expires_at=placed.hold_until,
            account_id=placed.account_id,
            limit=placed.limits.get(line.stock_id),
            backorder=line.stock_id in placed.backorder,
            replaces=placed.cart_id if line.stock_id in placed.cart_holds else "",
        )
        for line in state.lines
        if line.stock == "none"
    ]


def _confirm(state: Checkout, now: int) -> list[Command]:
    """Stock is committed before the money is captured: a sale may fail for want of money, never for want of goods."""
    commits: list[Command] = [
        inventory.CommitStock(
            stock_id=line.stock_id,
            hold_id=state.order_id,
            quantity=line.quantity,
            at=now,
            backorder=line.stock_id in state.placed.backorder,
            account_id=_limited(state, line),
            limit=state.placed.limits.get(line.stock_id),
        )
        for line in state.lines
        if line.stock != "committed"  # a hold that ran out meanwhile is tried again: the units may still be there
    ]
    if commits:
        return commits
    if state.order == "pending":
        return [order.ConfirmOrder(state.order_id)]
    return [payment.RequestCapture(payment_id(state.order_id))]


def _compensate(state: Checkout, now: int) -> list[Command]:
    """Undoes, in any order, whatever had been done. An unanswered authorization or capture is waited for."""
    commands: list[Command] = [command for line in state.lines for command in _give_back(state, line, now)]
    if state.payment == "authorized":
        commands.append(payment.RequestVoid(payment_id(state.order_id), state.reason))
    elif state.payment in payment.REFUNDABLE and not state.rest_asked:
        commands.append(payment.RequestRefund(payment_id(state.order_id), state.reason))
    return commands + _reopen(state, now)


def _give_back(state: Checkout, line: Line, now: int) -> list[Command]:
    if line.stock == "held":
        # "expired" would leave the hold free to be taken again, by a command that is still on its way
        reason = "cancelled" if state.reason in inventory.OPEN_ENDED else state.reason
        return [inventory.ReleaseStock(line.stock_id, state.order_id, now, reason)]
    if line.stock == "committed":
        buyer = _limited(state, line)
        return [inventory.UncommitStock(line.stock_id, state.order_id, line.quantity, now, state.reason, buyer)]
    return []


def _limited(state: Checkout, line: Line) -> str:
    """The buyer, if the units count towards a limit."""
    return state.placed.account_id if line.stock_id in state.placed.limits else ""


def _reopen(state: Checkout, now: int) -> list[Command]:
    """The lines go back where they came from, or into the buyer's own cart. Who called the order off wants neither."""
    placed = state.placed
    if state.cart == "open":
        # Until this generation is closed, the cart would only make the same order again.
        return [_check_out_cart(state, now)]
    if state.reason == "cancelled":
        return []
    if state.cart == "closed":
        return [cart.ReopenCart(placed.cart_id, state.order_id, _cart_lines(state), _coupons(state))]
    if state.cart == "merged":
        own = cart.cart_of(placed.account_id)
        return [cart.MergeCart(own, placed.account_id, state.order_id, _cart_lines(state), now, _coupons(state))]
    return []


def _coupons(state: Checkout) -> tuple[str, ...]:
    return tuple(used.code for used in state.placed.quote.promotions if used.code)


def _cart_lines(state: Checkout) -> tuple[cart.CartLine, ...]:
    return tuple(
        cart.CartLine(
            item_id=line.line_id,
            shop_id=line.shop_id,
            sku=line.sku,
            product_id=line.product_id,
            title=line.title,
            quantity=state.taken[line.line_id],
            unit_price=line.unit_price,
        )
        for line in state.placed.quote.lines
        if line.line_id in state.taken
    )


def is_settled(state: Checkout) -> bool:
    """Nothing is left to ask for or to wait for."""
    if state.order == "paid":
        return not state.leaving and not state.intent
    if state.order != "cancelled" or state.intent:
        return False
    return not _compensate(state, 0)


def progress(state: Checkout) -> str:
    """The checkout state of the public contract."""
    if state.order == "cancelled":
        return "COMPENSATED"
    if state.order == "paid" or state.payment == "captured":
        return "PAYMENT_CAPTURED"
    if state.order == "confirmed":
        return "ORDER_CREATED"
    if state.payment in ("authorized", "capturing"):
        return "PAYMENT_AUTHORIZED"
    return "CART_VALIDATED" if state.payment == "none" else "INVENTORY_RESERVED"
