"""Orders: the history of each buyer and of each seller, and how each payment stands.

Every row comes from one stream, so that workers who share the streams among them never fold into the same row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from domain.orders import order
from domain.orders.order import ORDER, Order, OrderPlaced
from domain.payments.payment import PAYMENT, PaymentRefunded, PaymentState, RefundRefused, RefundRequested
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class OrderRow(ViewRow, frozen=True):
    """One order as its stream tells it. Instants in ms since 1970; ``version`` is the stream's, for the entity tag."""

    order: Order
    created_at: int
    updated_at: int
    version: int

    @property
    def placed(self) -> OrderPlaced:
        assert not isinstance(self.order, order.NoOrder)
        return self.order.placed

    @property
    def status(self) -> str:
        return order.status(self.order)


class PaymentRow(ViewRow, frozen=True):
    payment: PaymentState
    created_at: int
    updated_at: int
    version: int
    refunds_at: dict[str, int] = {}
    """When each refund was asked for or ended last, by its id."""


class ShopOrderRow(ViewRow, frozen=True):
    order_id: str
    placed_at: int


def fold_order(row: OrderRow | None, recorded: Recorded) -> OrderRow:
    at = recorded.meta.occurred_at
    state: Any = ORDER.evolve(row.order if row else ORDER.initial, recorded.event)
    if row is None:
        state = replace(state, placed=without_derivation(state.placed))
    return OrderRow(state, row.created_at if row else at, at, recorded.version)


def without_derivation(placed: OrderPlaced) -> OrderPlaced:
    """How the amounts came about is two thirds of an order; whoever asks for it reads the log."""
    return replace(placed, quote=replace(placed.quote, derivation=(), methods=()))


def fold_payment(row: PaymentRow | None, recorded: Recorded) -> PaymentRow:
    event, at = recorded.event, recorded.meta.occurred_at
    state: Any = PAYMENT.evolve(row.payment if row else PAYMENT.initial, event)
    moved = row.refunds_at if row else {}
    if isinstance(event, RefundRequested | PaymentRefunded | RefundRefused):
        moved = {**moved, event.refund_id: at}
    return PaymentRow(state, row.created_at if row else at, at, recorded.version, moved)


def shops_of(recorded: Recorded) -> Sequence[str]:
    placed: OrderPlaced = recorded.event
    return [f"{shop_id}/{recorded.stream}" for shop_id in sorted({line.shop_id for line in placed.quote.lines})]


def account_and_status(account_id: str, status: str) -> str:
    """The owner of the list of an account's orders that have a status."""
    return f"{account_id}\x1f{status}"


ORDER_ROWS = Table(
    name="orders",
    row=OrderRow,
    folds=dict.fromkeys(ORDER.evolutions, fold_order),
    indexes={
        "account": Index(lambda key, row: row.placed.account_id, lambda key, row: row.created_at),
        "account_status": Index(
            lambda key, row: account_and_status(row.placed.account_id, row.status), lambda key, row: row.created_at
        ),
    },
    archived=True,
)
PAYMENT_ROWS = Table(
    name="payments", row=PaymentRow, folds=dict.fromkeys(PAYMENT.evolutions, fold_payment), archived=True
)
SHOP_ORDERS = Table(
    name="shop_orders",
    row=ShopOrderRow,
    folds={OrderPlaced: lambda row, recorded: ShopOrderRow(recorded.stream, recorded.meta.occurred_at)},
    keys=shops_of,
    of_one_stream=True,
    indexes={"shop": Index(lambda key, row: key.partition("/")[0], lambda key, row: row.placed_at)},
)
ORDERS = Projection("orders", 4, (ORDER_ROWS, PAYMENT_ROWS, SHOP_ORDERS))
