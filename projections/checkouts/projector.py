"""Checkouts, for the processes that see them through: everything known of each, and which were silent for how long.

A checkout is folded from several streams (order, payment, stock, cart), so one follower folds all of it in log order.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain import checkout
from domain.checkout import Checkout
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class CheckoutRow(ViewRow, frozen=True):
    checkout: Checkout
    moved_at: int
    """When anything last happened to it; a silent one is looked after (ms)."""


def fold(row: CheckoutRow | None, recorded: Recorded) -> CheckoutRow | None:
    state = checkout.evolve(row.checkout if row else None, recorded)
    if state is None:
        return None
    if row is None:
        quote = replace(state.placed.quote, derivation=(), methods=())
        state = replace(state, placed=replace(state.placed, quote=quote))
    return CheckoutRow(state, recorded.meta.recorded_at)


def order_of(recorded: Recorded) -> Sequence[str]:
    correlation = recorded.meta.correlation
    return (correlation,) if correlation.startswith("ord_") else ()


CHECKOUT_ROWS = Table(
    name="checkouts",
    row=CheckoutRow,
    folds=dict.fromkeys(checkout.RELEVANT, fold),
    keys=order_of,
    indexes={
        "open": Index(
            owner=lambda key, row: None if checkout.is_settled(row.checkout) else "",
            order=lambda key, row: row.moved_at,
        ),
    },
)
CHECKOUTS = Projection("checkouts", 2, (CHECKOUT_ROWS,))
