"""The books as sellers and administrators read them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper


async def entries(seller: Seller, count: int) -> Any:
    """The seller's ledger once it has so many entries; it follows the money by a moment."""
    path = f"/api/shops/{seller.shop_id}/ledger?limit=100"
    deadline = time.monotonic() + 30
    while len((ledger := await seller.shopper.read(path))["items"]) < count:
        assert time.monotonic() < deadline, ledger
        await asyncio.sleep(0.02)
    return ledger


def amounts(entry: dict[str, Any]) -> dict[str, int]:
    return {name: entry[name]["amount"] for name in ("goods", "shipping", "fee", "total")}


async def balances(house: House, admin: Shopper) -> dict[str, int]:
    """Once everything that moved is posted and shown."""
    admin.position = str(await house.head())
    items = (await admin.read("/api/admin/ledger?limit=100"))["items"]
    assert [item["account"] for item in items] == sorted(item["account"] for item in items)
    totals: Counter[str] = Counter()
    for item in items:
        balance = item["balance"]
        assert balance["amount"] == item["debits"]["amount"] - item["credits"]["amount"]
        totals[balance["currency"]] += balance["amount"]
    assert not any(totals.values()), totals
    return {item["account"]: item["balance"]["amount"] for item in items}
