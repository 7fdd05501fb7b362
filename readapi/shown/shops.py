"""A shop, and what it has of a SKU, as answers tell them."""

from __future__ import annotations

from typing import Any

from domain.inventory.inventory import InventoryItem
from projections.shops.projector import ShopRow
from readapi.instants import instant


def shop_json(shop_id: str, row: ShopRow) -> dict[str, Any]:
    return {
        "shopId": shop_id,
        "name": row.shop.name,
        "country": row.shop.country,
        "currency": row.shop.currency,
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }


def inventory_json(sku: str, item: InventoryItem, at: int) -> dict[str, Any]:
    return {
        "sku": sku,
        "onHand": item.on_hand,
        "committed": item.committed,
        "held": item.held_at(at),
        "available": item.available(at),
    }
