"""Wishlists: what each account would like to have. A row for each item."""

from __future__ import annotations

from collections.abc import Sequence

from domain.buyers.wishlist import ItemUnwished, ItemWished, WishlistCleared
from domain.money import Money
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class WishRow(ViewRow, frozen=True):
    wishlist_id: str
    sku: str
    product_id: str
    at: int
    price: Money | None = None
    sold_out: bool = False
    """When it was wished."""


def keys(recorded: Recorded) -> Sequence[str]:
    event = recorded.event
    skus = event.skus if isinstance(event, WishlistCleared) else (event.sku,)
    return [f"{recorded.stream}.{sku}" for sku in skus]


def item_wished(row: WishRow | None, recorded: Recorded) -> WishRow:
    event: ItemWished = recorded.event
    return WishRow(recorded.stream, event.sku, event.product_id, event.at, event.price, event.sold_out)


WISH_ROWS = Table(
    name="wishes",
    row=WishRow,
    folds={
        ItemWished: item_wished,
        ItemUnwished: lambda row, recorded: None,
        WishlistCleared: lambda row, recorded: None,
    },
    keys=keys,
    of_one_stream=True,
    indexes={"wishlist": Index(lambda key, row: row.wishlist_id, lambda key, row: row.at)},
)
WISHLISTS = Projection("wishlists", 2, (WISH_ROWS,))
