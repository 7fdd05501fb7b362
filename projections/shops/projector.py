"""Shops, and who owns them."""

from __future__ import annotations

from typing import Any

from domain.recorded import Recorded
from domain.sellers.shop import SHOP, OpenedShop
from projections.projector import Index, Projection, Table, ViewRow


class ShopRow(ViewRow, frozen=True):
    shop: OpenedShop
    created_at: int
    updated_at: int
    version: int


def fold(row: ShopRow | None, recorded: Recorded) -> ShopRow:
    at = recorded.meta.occurred_at
    shop: Any = SHOP.evolve(row.shop if row else SHOP.initial, recorded.event)
    return ShopRow(shop, row.created_at if row else at, at, recorded.version)


SHOP_ROWS = Table(
    name="shops",
    row=ShopRow,
    folds=dict.fromkeys(SHOP.evolutions, fold),
    indexes={"owner": Index(lambda key, row: row.shop.owner_id)},
)
SHOPS = Projection("shops", 2, (SHOP_ROWS,))
