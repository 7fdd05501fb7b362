"""What each shop sold on each day, in minor units and with tax: a projection of our own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from domain.orders.order import OrderPlaced
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class Day(ViewRow, frozen=True):
    """A row. Keys are made of shop, day and currency."""

    shop_id: str
    day: str
    currency: str
    orders: int
    amount: int


class Sale(NamedTuple):
    """What one order adds to one row."""

    shop_id: str
    day: str
    currency: str
    amount: int


def sales(recorded: Recorded) -> Mapping[str, Sale]:
    """By the keys of the rows that the order concerns."""
    placed: OrderPlaced = recorded.event
    day = datetime.fromtimestamp(recorded.meta.occurred_at / 1000, UTC).date().isoformat()
    found: dict[str, Sale] = {}
    for line in placed.quote.lines:
        key = f"{line.shop_id}/{day}/{line.total.currency}"
        before = found[key].amount if key in found else 0
        found[key] = Sale(line.shop_id, day, line.total.currency, before + line.total.amount)
    return found


def fold(row: Day | None, recorded: Recorded, sale: Sale) -> Day:
    """The new row from the old one, if there is one, and the event."""
    orders, amount = (row.orders, row.amount) if row else (0, 0)
    return Day(sale.shop_id, sale.day, sale.currency, orders + 1, amount + sale.amount)


DAYS = Table(
    name="days",
    row=Day,
    folds={OrderPlaced: fold},
    parts=sales,
    indexes={"shop": Index(lambda key, row: row.shop_id)},
)
PROJECTION = Projection("sales_by_day", 1, (DAYS,))
