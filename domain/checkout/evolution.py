"""How each event adds to what is known of one checkout (``sagastate.py``). What follows from it is in ``saga.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from domain.buyers import cart
from domain.checkout import moneyevolution, parcelsteps
from domain.checkout.sagastate import Checkout, Line, is_by_parcel, ordered
from domain.ids import stock_id
from domain.inventory import inventory
from domain.orders import order, shipment
from domain.orders.orderreview import ReviewApproved, ReviewBegun
from domain.orders.owed import is_everything
from domain.orders.returns import ReturnReceived
from domain.pricing.promotion import is_use
from domain.recorded import Recorded


def begin(recorded: Recorded) -> Checkout:
    placed: order.OrderPlaced = recorded.event
    lines = tuple(Line(stock_id, quantity) for stock_id, quantity in order.stock_lines(placed.quote))
    begun = Checkout(recorded.stream, placed, lines)
    return replace(begun, unsent=ordered(begun)) if is_by_parcel(begun) else begun


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
    state = _line_to("released")(state, recorded)
    if recorded.event.hold_id != state.order_id or not is_use(recorded.stream):
        return state
    for cancellation_id in state.giving:
        state = replace(state, giving=_without(state.giving, cancellation_id, recorded.stream))
    return state


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
    """With everything that was bought, others may have the order's uses of promotions too."""
    cancelled: order.LinesCancelled = recorded.event
    units = _by_stock(state, cancelled.units)
    if is_everything(state.placed.quote, cancelled.units):
        units |= {line.stock_id: line.quantity for line in state.lines if is_use(line.stock_id)}
    unsent = parcelsteps.without(state.unsent, cancelled.units)
    return replace(state, giving={**state.giving, cancelled.cancellation_id: units}, unsent=unsent)


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
    order.OrderConfirmed: _set(order="confirmed"),
    order.OrderPaid: _set(order="paid"),
    order.OrderCancelled: _cancelled,
    order.LinesCancelled: _lines_cancelled,
    order.OrderRefunded: _set(refunded=True),
    ReviewBegun: _review_begun,
    ReviewApproved: _set(review="approved"),
    shipment.ShipmentShipped: _shipped,
    inventory.StockShipped: _stock_shipped,
    ReturnReceived: _return_received,
    inventory.StockReturned: _stock_returned,
    **moneyevolution.EVOLUTIONS,
    **parcelsteps.EVOLUTIONS,
}
RELEVANT = frozenset((order.OrderPlaced, *_EVOLUTIONS))
