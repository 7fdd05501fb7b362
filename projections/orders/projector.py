"""Orders: history per buyer and per seller, and the checkouts that are still open."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain import checkout
from domain.checkout import Checkout
from domain.order import OrderPlaced
from domain.recorded import Recorded
from projections.projector import Column, Projection, Table, ViewRow

STATUS = {"pending": "PENDING", "confirmed": "PENDING", "paid": "PAID", "cancelled": "CANCELLED"}


class OrderRow(ViewRow, frozen=True):
    checkout: Checkout
    created_at: int
    updated_at: int
    version: int
    """Of the order's own stream."""
    moved_at: int = 0
    """When anything last happened to the checkout; a silent one is looked after (ms)."""


class ShopOrderRow(ViewRow, frozen=True):
    order_id: str


def fold(row: OrderRow | None, recorded: Recorded) -> OrderRow | None:
    state = checkout.evolve(row.checkout if row else None, recorded)
    if state is None:
        return None
    if row is None:
        state = replace(state, placed=without_derivation(state.placed))
    at = recorded.meta.occurred_at
    own = recorded.stream == state.order_id
    return OrderRow(
        checkout=state,
        created_at=row.created_at if row else at,
        updated_at=at if own or row is None else row.updated_at,
        version=recorded.version if own or row is None else row.version,
        moved_at=recorded.meta.recorded_at,
    )


def without_derivation(placed: OrderPlaced) -> OrderPlaced:
    """How the amounts came about is two thirds of an order; whoever asks for it reads the log."""
    return replace(placed, quote=replace(placed.quote, derivation=(), methods=()))


def order_of(recorded: Recorded) -> Sequence[str]:
    correlation = recorded.meta.correlation
    return (correlation,) if correlation.startswith("ord_") else ()


def shops_of(recorded: Recorded) -> Sequence[str]:
    placed: OrderPlaced = recorded.event
    return [f"{shop_id}/{recorded.stream}" for shop_id in sorted({line.shop_id for line in placed.quote.lines})]


ORDER_ROWS = Table(
    name="orders",
    row=OrderRow,
    folds=dict.fromkeys(checkout.RELEVANT, fold),
    keys=order_of,
    columns={
        "account_id": Column("TEXT NOT NULL", lambda key, row: row.checkout.placed.account_id),
        "placed_at": Column("INTEGER NOT NULL", lambda key, row: row.created_at),
        "status": Column("TEXT NOT NULL", lambda key, row: STATUS[row.checkout.order]),
        "open_since": Column("INTEGER", lambda key, row: None if checkout.is_settled(row.checkout) else row.moved_at),
    },
    indexes=(("account_id", "placed_at"), ("open_since",)),
)
SHOP_ORDERS = Table(
    name="shop_orders",
    row=ShopOrderRow,
    folds={OrderPlaced: lambda row, recorded: ShopOrderRow(recorded.stream)},
    keys=shops_of,
    columns={
        "shop_id": Column("TEXT NOT NULL", lambda key, row: key.partition("/")[0]),
        "order_id": Column("TEXT NOT NULL", lambda key, row: row.order_id),
    },
    indexes=(("shop_id", "order_id"),),
)
ORDERS = Projection("orders", 2, (ORDER_ROWS, SHOP_ORDERS))
