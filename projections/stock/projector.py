"""Stock: what is on hand, promised and available, per shop and SKU."""

from __future__ import annotations

from msgspec.structs import replace

from domain.inventory.inventory import EMPTY, INVENTORY, InventoryItem
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class StockRow(ViewRow, frozen=True):
    item: InventoryItem
    """Without what only the write side remembers: holds that ended, purchases per account."""
    created_at: int
    updated_at: int
    version: int


def fold(row: StockRow | None, recorded: Recorded) -> StockRow:
    at = recorded.meta.occurred_at
    item = INVENTORY.evolve(row.item if row else EMPTY, recorded.event)
    assert isinstance(item, InventoryItem)
    shown = replace(item, lapsed={}, settled=(), undone=(), bought={})
    return StockRow(shown, row.created_at if row else at, at, recorded.version)


def split_stock(stock_id: str) -> tuple[str, str]:
    """Shop id and SKU from ``stk_<shop>.<sku>``."""
    shop_id, _, sku = stock_id[4:].partition(".")
    return shop_id, sku


STOCK_ROWS = Table(
    name="stock",
    row=StockRow,
    folds=dict.fromkeys(INVENTORY.evolutions, fold),
    indexes={
        "shop": Index(lambda key, row: split_stock(key)[0]),
        "expiring": Index(
            owner=lambda key, row: "" if row.item.soonest_expiry else None,
            order=lambda key, row: row.item.soonest_expiry,
        ),
    },
)
STOCK = Projection("stock", 2, (STOCK_ROWS,))
