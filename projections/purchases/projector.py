"""Who bought what together: one row for each product of an order, and one for the order's whole basket.

Nothing is counted here, because what a count adds up comes from many streams (DECISIONS 15). The lists are: a product's
orders, newest first. Whoever asks takes the newest of them and counts what their baskets hold (DECISIONS 32).
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.orders.order import OrderCancelled, OrderPaid, OrderPlaced
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow

BASKET_MAX = 50
"""Products of one order that are taken in: an order costs so many rows at most."""
WEEK_MS = 7 * 86_400_000


class BoughtRow(ViewRow, frozen=True):
    product_id: str
    order_id: str
    account_id: str
    at: int
    """When it was ordered (ms)."""


class BasketRow(ViewRow, frozen=True):
    account_id: str
    products: tuple[str, ...]
    at: int
    paid: bool = False


def products_of(placed: OrderPlaced) -> tuple[str, ...]:
    """Each once, in the order of the lines."""
    return tuple(dict.fromkeys(line.product_id for line in placed.quote.lines))[:BASKET_MAX]


def bought_parts(recorded: Recorded) -> dict[str, str]:
    return {f"{product_id}.{recorded.stream}": product_id for product_id in products_of(recorded.event)}


def bought(row: BoughtRow | None, recorded: Recorded, product_id: str) -> BoughtRow:
    event: OrderPlaced = recorded.event
    return BoughtRow(product_id, recorded.stream, event.account_id, event.at)


def placed(row: BasketRow | None, recorded: Recorded) -> BasketRow:
    event: OrderPlaced = recorded.event
    return BasketRow(event.account_id, products_of(event), event.at)


def paid(row: BasketRow | None, recorded: Recorded) -> BasketRow | None:
    """An order that was called off meanwhile has none."""
    return None if row is None else replace(row, paid=True)


def week_of(at: int) -> str:
    """The owner of the list of all that was ordered in the same week; ``at`` in milliseconds."""
    return f"w{at // WEEK_MS}"


def buyer_of(account_id: str, product_id: str) -> str:
    """The owner of the list of an account's orders of a product."""
    return f"{account_id}\x1f{product_id}"


def at_of(key: str, row: BoughtRow | BasketRow) -> int:
    return row.at


BOUGHT_ROWS = Table(
    name="bought",
    row=BoughtRow,
    folds={OrderPlaced: bought},
    parts=bought_parts,
    indexes={
        "product": Index(lambda key, row: row.product_id, at_of),
        "buyer": Index(lambda key, row: buyer_of(row.account_id, row.product_id), at_of),
        "week": Index(lambda key, row: week_of(row.at), at_of),
    },
)
BASKET_ROWS = Table(
    name="baskets",
    row=BasketRow,
    folds={OrderPlaced: placed, OrderPaid: paid, OrderCancelled: lambda row, recorded: None},
    indexes={"account": Index(lambda key, row: row.account_id if row.paid else None, at_of)},
)
PURCHASES = Projection("purchases", 1, (BOUGHT_ROWS, BASKET_ROWS))
