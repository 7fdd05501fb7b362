"""Checkouts, for the processes that see them through: everything known of each, and which were silent for how long.

A checkout is folded from several streams (order, payment, stock, cart), so one follower folds all of it in log order.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain.checkout import saga
from domain.checkout.saga import Checkout
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class CheckoutRow(ViewRow, frozen=True):
    checkout: Checkout
    moved_at: int
    """When anything last happened to it; a silent one is looked after (ms)."""


def fold(row: CheckoutRow | None, recorded: Recorded) -> CheckoutRow | None:
    state = saga.evolve(row.checkout if row else None, recorded)
    if state is None:
        return None
    if row is None:
        quote = replace(state.placed.quote, derivation=(), methods=())
        state = replace(state, placed=replace(state.placed, quote=quote))
    return CheckoutRow(state, recorded.meta.recorded_at)


def order_of(recorded: Recorded) -> Sequence[str]:
    correlation = recorded.meta.correlation
    return (correlation,) if correlation.startswith("ord_") else ()


def _is_settled_or_rests(state: Checkout) -> bool:
    """Those that wait for days are not looked at every second meanwhile."""
    return saga.is_settled(state) or saga.rests_until(state) is not None


CHECKOUT_ROWS = Table(
    name="checkouts",
    row=CheckoutRow,
    folds=dict.fromkeys(saga.RELEVANT, fold),
    keys=order_of,
    indexes={
        "open": Index(
            owner=lambda key, row: None if _is_settled_or_rests(row.checkout) else "",
            order=lambda key, row: row.moved_at,
        ),
        "resting": Index(
            owner=lambda key, row: None if saga.rests_until(row.checkout) is None else "",
            order=lambda key, row: saga.rests_until(row.checkout) or 0,
        ),
    },
    archived=True,
)
CHECKOUTS = Projection("checkouts", 6, (CHECKOUT_ROWS,))
