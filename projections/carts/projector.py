"""Carts, as their owners left them."""

from __future__ import annotations

from typing import Any

from domain.buyers.cart import CART, Cart
from domain.recorded import Recorded
from projections.projector import Projection, Table, ViewRow


class CartRow(ViewRow, frozen=True):
    cart: Cart
    created_at: int
    updated_at: int
    version: int


def fold(row: CartRow | None, recorded: Recorded) -> CartRow:
    at = recorded.meta.occurred_at
    cart: Any = CART.evolve(row.cart if row else CART.initial, recorded.event)
    return CartRow(cart, row.created_at if row else at, at, recorded.version)


CART_ROWS = Table(name="carts", row=CartRow, folds=dict.fromkeys(CART.evolutions, fold))
CARTS = Projection("carts", 1, (CART_ROWS,))
