"""The saga at the cart: closed when the order takes its lines, filled again when the order comes to nothing."""

from __future__ import annotations

from domain.buyers import cart
from domain.checkout.sagastate import Checkout, ordered
from domain.decider import Command
from domain.orders.orderreview import REJECTED


def close(state: Checkout, now: int) -> Command:
    return cart.CheckOutCart(state.placed.cart_id, state.order_id, ordered(state), now)


def reopen(state: Checkout, now: int) -> list[Command]:
    """The lines go back where they came from, or into the buyer's own cart. Who called the order off wants neither, and
    of whom it was not accepted would only try again."""
    placed = state.placed
    if state.cart == "open":
        # Until this generation is closed, the cart would only make the same order again.
        return [close(state, now)]
    if state.reason in ("cancelled", REJECTED):
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
