"""Archived orders in the full profile: what `work processes` keeps of them is put away, and nobody notices."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from commands.engine import now_ms
from domain.orders.returns import DAY_MS
from kontor.folder import DataFolder
from kontor.wiring.stores import OF_PROCESSES
from projections.checkouts.projector import CHECKOUTS
from projections.sqlite import SQLiteViews
from streams.processes.archiving import Archiving
from tests.e2e.aftersale import given_back, once, post
from tests.e2e.house import rows
from tests.e2e.market import Seller
from tests.e2e.orders.archived import delivered, pages
from tests.e2e.shopper import Shopper, expect
from tests.full.processes import Everything

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
ARCHIVED = f"SELECT key FROM checkouts_v{CHECKOUTS.version}_archive"


def archived(file: Path) -> set[str]:
    return {key for (key,) in rows(file, ARCHIVED)}


async def archive(file: Path, *order_ids: str) -> None:
    """As it is done in forty days, when ten are set, once the worker has heard of everything."""
    views = SQLiteViews(file, OF_PROCESSES)
    try:
        async with asyncio.timeout(30):
            while not archived(file).issuperset(order_ids):
                await Archiving(views, 10, 30, lambda: now_ms() + 40 * DAY_MS).round()
                await asyncio.sleep(0.05)
    finally:
        views.close()


async def test_what_is_over_is_put_away_shown_as_before_and_comes_back(
    house: Everything, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    sku = await seller.sells(stock=10)
    orders = [(await delivered(seller, shopper, sku))["orderId"] for _ in range(3)]
    file = DataFolder(house.deployment.folder / "work").processes
    await archive(file, *orders)
    newest_first = orders[::-1]
    assert await pages(shopper, "/api/orders?status=DELIVERED&") == newest_first
    assert await pages(seller.shopper, f"/api/shops/{seller.shop_id}/orders?") == newest_first
    old = {"orderId": orders[0]}
    expect(202, await post(admin, f"/api/orders/{orders[0]}/refunds", {"reason": "goodwill"}))
    shown = await once(shopper, old, status="REFUNDED")
    assert given_back(house, old) == shown["totals"]["grand"]["amount"]
    async with asyncio.timeout(10):
        while orders[0] in archived(file):  # noqa: ASYNC110  # another program's file
            await asyncio.sleep(0.05)
    await archive(file, *orders)
    assert house.problems() == []
