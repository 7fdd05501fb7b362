"""Archived orders, as those see them who ask: no different from any other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from commands.engine import now_ms
from domain.orders.returns import DAY_MS
from kontor.folder import DataFolder
from kontor.proving.verifying import verify
from kontor.proving.verifying_views import compare_views
from kontor.settings import Settings
from streams.processes.archiving import Archiving
from tests.e2e.aftersale import given_back, once, post
from tests.e2e.house import House, rows
from tests.e2e.market import Seller
from tests.e2e.orders.archived import delivered, pages
from tests.e2e.shopper import Shopper, expect
from tests.kontor.replay.replaying import replay

OLD, NEW = 3, 2


async def archive(house: House, wanted: int) -> None:
    """As it is done in forty days, when ten are set: so many orders, once stock has heard of what was sent."""
    views: Any = house.services.views
    moved = 0
    for _ in range(500):
        moved += await Archiving(views, 10, 30, lambda: now_ms() + 40 * DAY_MS).round()
        if moved == wanted:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{moved} of {wanted} are archived")


@pytest.fixture
async def orders(house: House, seller: Seller, shopper: Shopper) -> list[str]:
    """The newest first; the last three of them are archived."""
    sku = await seller.sells(stock=100)
    old = [(await delivered(seller, shopper, sku))["orderId"] for _ in range(OLD)]
    await shopper.read("/api/orders")
    await archive(house, OLD)
    new = [(await delivered(seller, shopper, sku))["orderId"] for _ in range(NEW)]
    assert count(house, "orders_v4_archive") == OLD
    await shopper.read("/api/orders")
    return [*reversed(new), *reversed(old)]


def count(house: House, table: str) -> int:
    [(found,)] = rows(house.folder / "views.db", f"SELECT count(*) FROM {table}")
    return int(found)


async def test_lists_go_on_into_the_archive(seller: Seller, shopper: Shopper, orders: list[str]) -> None:
    assert await pages(shopper, "/api/orders?") == orders
    assert await pages(shopper, "/api/orders?status=DELIVERED&") == orders
    assert await pages(shopper, "/api/orders?status=PAID&") == []
    assert await pages(seller.shopper, f"/api/shops/{seller.shop_id}/orders?") == orders
    items = (await shopper.read("/api/orders?limit=100"))["items"]
    assert {one["payment"]["status"] for one in items} == {"captured"}


async def test_one_order_and_its_timeline(shopper: Shopper, orders: list[str]) -> None:
    shown = await shopper.order(orders[-1])
    assert (shown["status"], len(shown["shipments"])) == ("DELIVERED", 1)
    entries = (await shopper.read(f"/api/orders/{orders[-1]}/timeline"))["items"]
    assert entries[0]["type"] == "order.placed"
    assert entries[-1]["type"] == "order.shipment_delivered"


async def test_the_log_and_the_views_are_proved_as_before(house: House, orders: list[str]) -> None:
    folder = DataFolder(house.folder)
    assert verify(folder.log).problems == []
    compared = await compare_views(Settings(data=house.folder), folder.log)
    assert [one for one in compared if one.different] == []
    assert {one.what: one.found.count for one in compared}["orders"] == len(orders)


async def test_money_can_still_go_back(house: House, admin: Shopper, shopper: Shopper, orders: list[str]) -> None:
    order = {"orderId": orders[-1]}
    expect(202, await post(admin, f"/api/orders/{orders[-1]}/refunds", {"reason": "goodwill"}))
    shown = await once(shopper, order, status="REFUNDED")
    assert given_back(house, order) == shown["totals"]["grand"]["amount"]
    await shopper.read("/api/orders")
    assert count(house, "orders_v4_archive") == OLD - 1
    assert await pages(shopper, "/api/orders?") == orders
    await archive(house, NEW + 1)


async def test_views_that_are_folded_anew_show_the_same(house: House, shopper: Shopper, orders: list[str]) -> None:
    views: Any = house.services.views
    views.reset()
    await house.services.follower.catch_up()  # type: ignore[attr-defined]  # the embedded one
    assert count(house, "orders_v4_archive") == 0
    assert await pages(shopper, "/api/orders?") == orders
    await archive(house, OLD + NEW)
    assert await pages(shopper, "/api/orders?") == orders


async def test_a_replay_takes_the_archive_along_and_back(
    house: House, shopper: Shopper, orders: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = DataFolder(house.folder)
    replay(folder, "orders", verify=True)
    assert (count(house, "orders_v4_archive"), count(house, "orders_v4_kept_archive")) == (0, OLD)
    assert await pages(shopper, "/api/orders?") == orders
    replay(folder, "orders", rollback=True)
    assert (count(house, "orders_v4_archive"), count(house, "orders_v4_kept_archive")) == (OLD, 0)
    assert await pages(shopper, "/api/orders?") == orders
    compared = await compare_views(Settings(data=house.folder), folder.log)
    assert [one for one in compared if one.different] == []
