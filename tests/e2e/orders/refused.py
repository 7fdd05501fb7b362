"""Refunds that the provider refused, as administrators list them."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.e2e.shopper import Shopper


async def refusals(admin: Shopper, order: dict[str, Any], number: int, status: str = "refused") -> list[dict[str, Any]]:
    """Those of the order in the list, once there are so many."""
    for _ in range(500):
        found = (await admin.read(f"/api/admin/refused-refunds?status={status}&limit=100"))["items"]
        items = [one for one in found if one["orderId"] == order["orderId"]]
        if len(items) == number:
            break
        await asyncio.sleep(0.02)
    return items
