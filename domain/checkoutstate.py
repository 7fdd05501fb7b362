"""What is known of one checkout, and of what came after it. What follows from it is in ``domain/checkout.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from domain import cart, giftcard, inventory, order, payment, shipment
from domain.decider import State
from domain.ids import stock_id
from domain.money import Money
from domain.orderreview import ReviewApproved, ReviewBegun
from domain.recorded import Recorded
from domain.refund import RefundGranted
from domain.returns import ReturnReceived


class Line(State, frozen=True):
    """One line's stock: ``none``, ``held``, ``refused``, ``committed`` or ``released``."""

    stock_id: str
    quantity: int
    stock: str = "none"
    refusal: str = ""
    until: int = 0
    """When the hold runs out, if it is held."""


class Owed(State, frozen=True):
    """Money that the order owes back."""

    amount: Money
    reason: str


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
    contested: dict[str, int] = {}
    """Minor units by open dispute."""
    lost: int = 0
    """Minor units that the buyer got by disputes."""
    rest_asked: bool = False
    """Whatever was left was asked back, because the order was called off. That happens once."""
    order: str = "pending"
    """``pending``, ``confirmed``, ``paid`` or ``cancelled``."""
    reason: str = ""
    card: str = ""
    """What became of a gift card's part of the price: ``reserved``, ``refused``, ``redeemed`` or ``released``."""
    card_back: int = 0
    """Minor units that were given back to it."""
    card_owed: dict[str, Money] = {}
    """What is to be given back to it, by refund."""
    refunded: bool = False
    """The order knows that all its money has gone back."""
    review: str = ""
    """Of an order that a person is to look at: ``open`` or ``approved``, once it has come so far."""
    review_until: int = 0
    packed: bool = False
    """A parcel stands ready."""
    owed: dict[str, Owed] = {}
    """Refunds by id that the payment has not been asked for, the oldest first."""
    giving: dict[str, dict[str, int]] = {}
    """Units by stock id of each cancellation of lines, while stock has not heard of it."""
    returning: dict[str, dict[str, int]] = {}
    """Units by stock id of each return that can be sold again, while stock has not heard of it."""
    leaving: dict[str, dict[str, int]] = {}
    """Units by stock id of each shipment that has left, while stock has not heard of it."""


# evolve


def begin(recorded: Recorded) -> Checkout:
    placed: order.OrderPlaced = recorded.event
    lines = tuple(Line(stock_id, quantity) for stock_id, quantity in order.stock_lines(placed.quote))
    return Checkout(recorded.stream, placed, lines)


def evolve(state: Checkout | None, recorded: Recorded) -> Checkout | None:
    """Takes in one event that is correlated to the order; None until the order was placed."""
    if type(recorded.event) is order.OrderPlaced:
        return begin(recorded) if state is None else state
    if state is None:
        return None
    evolution = _EVOLUTIONS.get(type(recorded.event))
    return state if evolution is None else evolution(state, recorded)


def _uncommitted(state: Checkout, recorded: Recorded) -> Checkout:
    cause = recorded.event.cause
    if recorded.event.hold_id == state.order_id and cause:
        return replace(state, giving=_without(state.giving, cause, recorded.stream))
    return _line_to("released")(state, recorded)


def _line_to(status: str) -> Callable[[Checkout, Recorded], Checkout]:
    def evolution(state: Checkout, recorded: Recorded) -> Checkout:
        if recorded.event.hold_id != state.order_id:
            return state
        refusal = getattr(recorded.event, "reason", "") if status == "refused" else ""
        until = getattr(recorded.event, "expires_at", 0)
        undone = type(recorded.event) is inventory.StockUncommitted
        lines = tuple(
            replace(line, stock=status, refusal=refusal, until=until)
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
    rest = asked.refund_id == payment.THE_REST  # which covers whatever was not asked for before
    return replace(
        state,
        payment="refunding",
        intent=recorded.event_id,
        attempts=0,
        refunding=asked.amount,
        rest_asked=state.rest_asked or rest,
        owed={} if rest else {key: owed for key, owed in state.owed.items() if key != asked.refund_id},
    )


def _refunded(state: Checkout, recorded: Recorded) -> Checkout:
    back = state.back + recorded.event.amount.amount
    done = back >= state.placed.due.amount
    status = "refunded" if done else "partially_refunded"
    return replace(state, payment=status, intent="", refunding=None, back=back)


def _refund_refused(state: Checkout, recorded: Recorded) -> Checkout:
    owed = {key: owed for key, owed in state.owed.items() if key != recorded.event.refund_id}
    status = "partially_refunded" if state.back else "captured"
    return replace(state, payment=status, intent="", refunding=None, owed=owed)


def _dispute_opened(state: Checkout, recorded: Recorded) -> Checkout:
    opened: payment.DisputeOpened = recorded.event
    return replace(state, contested={**state.contested, opened.dispute_id: opened.amount.amount})


def _dispute_ended(state: Checkout, recorded: Recorded) -> Checkout:
    ended: payment.DisputeWon | payment.DisputeLost = recorded.event
    contested = {key: amount for key, amount in state.contested.items() if key != ended.dispute_id}
    lost = ended.amount.amount if isinstance(ended, payment.DisputeLost) else 0
    return replace(state, contested=contested, lost=state.lost + lost)


def _attempt_failed(state: Checkout, recorded: Recorded) -> Checkout:
    attempt = recorded.event
    return replace(state, attempts=attempt.number) if attempt.intent == state.intent else state


def _refund_granted(state: Checkout, recorded: Recorded) -> Checkout:
    granted: RefundGranted = recorded.event
    if granted.gift_card is not None:
        state = replace(state, card_owed={**state.card_owed, granted.refund_id: granted.gift_card})
    if not granted.to_method.amount:
        return state
    return replace(state, owed={**state.owed, granted.refund_id: Owed(granted.to_method, granted.reason)})


def _card_to(status: str) -> Callable[[Checkout, Recorded], Checkout]:
    return lambda state, recorded: replace(state, card=status) if _is_its_card(state, recorded) else state


def _card_refunded(state: Checkout, recorded: Recorded) -> Checkout:
    if not _is_its_card(state, recorded):
        return state
    back: giftcard.GiftCardRefunded = recorded.event
    rest = back.refund_id == giftcard.THE_REST
    owed = {} if rest else {key: amount for key, amount in state.card_owed.items() if key != back.refund_id}
    return replace(state, card_back=state.card_back + back.amount.amount, card_owed=owed)


def _is_its_card(state: Checkout, recorded: Recorded) -> bool:
    covered = state.placed.gift_card
    return covered is not None and covered.gift_card_id == recorded.stream and recorded.event.order_id == state.order_id


def _cancelled(state: Checkout, recorded: Recorded) -> Checkout:
    cancelled: order.OrderCancelled = recorded.event
    lines = state.lines
    if cancelled.units:
        left = _by_stock(state, cancelled.units)
        lines = tuple(_line_left(line, left) for line in lines)
    return replace(state, order="cancelled", reason=cancelled.reason, lines=lines)


def _line_left(line: Line, left: dict[str, int]) -> Line:
    """Uses of promotions are no goods, and go back whole."""
    units = left.get(line.stock_id, line.quantity)
    return replace(line, quantity=units) if units else replace(line, quantity=0, stock="released")


def _lines_cancelled(state: Checkout, recorded: Recorded) -> Checkout:
    cancelled: order.LinesCancelled = recorded.event
    units = _by_stock(state, cancelled.units)
    return replace(state, giving={**state.giving, cancelled.cancellation_id: units})


def _cart_checked_out(state: Checkout, recorded: Recorded) -> Checkout:
    closing = recorded.event
    units = ordered(state)
    taken = {item_id: closing.taken.get(item_id, units.get(item_id, 0)) for item_id in closing.item_ids}
    return replace(state, cart="closed" if taken else "reopened", taken=taken)


def _cart_reopened(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, cart="merged" if recorded.event.merged_into else "reopened")


def _cart_merged(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, cart="reopened") if recorded.event.source == state.order_id else state


def _review_begun(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, review="open", review_until=recorded.event.until)


def _shipped(state: Checkout, recorded: Recorded) -> Checkout:
    left: shipment.ShipmentShipped = recorded.event
    return replace(state, leaving={**state.leaving, left.shipment_id: _by_stock(state, left.units)})


def _stock_shipped(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, leaving=_without(state.leaving, recorded.event.shipment_id, recorded.stream))


def _return_received(state: Checkout, recorded: Recorded) -> Checkout:
    back: ReturnReceived = recorded.event
    if not back.restock:
        return state
    return replace(state, returning={**state.returning, back.return_id: _by_stock(state, back.units)})


def _stock_returned(state: Checkout, recorded: Recorded) -> Checkout:
    return replace(state, returning=_without(state.returning, recorded.event.return_id, recorded.stream))


def _by_stock(state: Checkout, by_line: dict[str, int]) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in state.placed.quote.lines:
        if line.line_id in by_line:
            stock = stock_id(line.shop_id, line.sku)
            units[stock] = units.get(stock, 0) + by_line[line.line_id]
    return units


def _without(waiting: dict[str, dict[str, int]], key: str, stock: str) -> dict[str, dict[str, int]]:
    """The same, now that this stock has heard of ``key``."""
    units = {other: count for other, count in waiting.get(key, {}).items() if other != stock}
    others = {other: kept for other, kept in waiting.items() if other != key}
    return {**others, key: units} if units else others


_EVOLUTIONS: dict[type, Callable[[Checkout, Recorded], Checkout]] = {
    cart.CartCheckedOut: _cart_checked_out,
    cart.CartReopened: _cart_reopened,
    cart.CartMerged: _cart_merged,
    inventory.StockHeld: _line_to("held"),
    inventory.StockRefused: _line_to("refused"),
    inventory.StockCommitted: _line_to("committed"),
    inventory.StockReleased: _line_to("released"),
    inventory.HoldBarred: _line_to("released"),
    inventory.StockUncommitted: _uncommitted,
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
    payment.DisputeOpened: _dispute_opened,
    payment.DisputeWon: _dispute_ended,
    payment.DisputeLost: _dispute_ended,
    giftcard.GiftCardReserved: _card_to("reserved"),
    giftcard.GiftCardRefused: _card_to("refused"),
    giftcard.GiftCardReleased: _card_to("released"),
    giftcard.GiftCardRedeemed: _card_to("redeemed"),
    giftcard.GiftCardRefunded: _card_refunded,
    order.OrderConfirmed: _set(order="confirmed"),
    order.OrderPaid: _set(order="paid"),
    order.OrderCancelled: _cancelled,
    order.LinesCancelled: _lines_cancelled,
    order.OrderRefunded: _set(refunded=True),
    RefundGranted: _refund_granted,
    ReviewBegun: _review_begun,
    ReviewApproved: _set(review="approved"),
    shipment.ShipmentPacked: _set(packed=True),
    shipment.ShipmentShipped: _shipped,
    inventory.StockShipped: _stock_shipped,
    ReturnReceived: _return_received,
    inventory.StockReturned: _stock_returned,
}
RELEVANT = frozenset((order.OrderPlaced, *_EVOLUTIONS))


def ordered(state: Checkout) -> dict[str, int]:
    """Units by line of the cart."""
    return {line.line_id: line.quantity for line in state.placed.quote.lines}
