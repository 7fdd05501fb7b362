"""The saga at the inventory: what is to be asked for the goods of one checkout.

reserved → extended, while the payment may come back → committed → shipped, or given back
"""

from __future__ import annotations

from domain.checkout.sagastate import Checkout, Line
from domain.decider import Command
from domain.inventory import inventory
from domain.pricing.promotion import is_use

PAYMENT_GRACE_MS = 60_000
"""How long after the holds ran out an unanswered authorization may still come back before the order is cancelled."""
EXTEND_MS = 60_000
"""How long before they run out the holds of an unanswered authorization are extended, as far as that grace."""


def reserve(state: Checkout, now: int) -> list[Command]:
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


def extend(state: Checkout, now: int) -> list[Command]:
    """Whoever is still paying keeps the goods for as long as the payment may come back."""
    placed, until = state.placed, state.placed.hold_until + PAYMENT_GRACE_MS
    return [
        inventory.HoldStock(line.stock_id, state.order_id, line.quantity, now, until, placed.account_id, extends=True)
        for line in state.lines
        if line.stock == "held" and line.until < until and line.until - EXTEND_MS <= now < line.until
    ]


def commit(state: Checkout, now: int) -> list[Command]:
    """What is not sold yet. A hold that ran out meanwhile is tried again: the units may still be there."""
    return [
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
        if line.stock != "committed"
    ]


def ship(state: Checkout) -> list[Command]:
    """What has left the house leaves the books of its stock."""
    return [
        inventory.ShipStock(stock, shipment_id, units)
        for shipment_id, left in state.leaving.items()
        for stock, units in left.items()
    ]


def give_up(state: Checkout, now: int) -> list[Command]:
    """Units that were cancelled by line can be sold to others. A use of a promotion goes back once, whether its order
    is called off by lines or whole, so it is asked for in the same words."""
    limited = state.placed.limits
    return [
        inventory.UncommitStock(
            stock_id=stock,
            hold_id=state.order_id,
            quantity=units,
            at=now,
            reason="cancelled",
            account_id=state.placed.account_id if stock in limited else "",
            cause="" if is_use(stock) else cancellation_id,
        )
        for cancellation_id, given_up in state.giving.items()
        for stock, units in given_up.items()
    ]


def restock(state: Checkout) -> list[Command]:
    """What came back and is good enough can be sold again."""
    return [
        inventory.ReturnStock(stock, return_id, units)
        for return_id, back in state.returning.items()
        for stock, units in back.items()
    ]


def give_back(state: Checkout, now: int) -> list[Command]:
    """Of an order that was called off: whatever it has of the goods."""
    return [command for line in state.lines for command in _line_back(state, line, now)]


def _line_back(state: Checkout, line: Line, now: int) -> list[Command]:
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
