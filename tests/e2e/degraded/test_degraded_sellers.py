"""What sellers are shown of their shops while a store is away: from the log, and the answers say so."""

from __future__ import annotations

import pytest

from tests.e2e.degraded.answers import degraded
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper, expect, problem


@pytest.mark.parametrize("noticed", [True, False])
async def test_a_sellers_newest_orders_come_from_the_log(
    house: House, seller: Seller, shopper: Shopper, ordered: list[str], servers: Servers, noticed: bool
):
    other = await open_shop(house.http, "Elsewhere")
    await shopper.add(await other.sells())
    await shopper.buy()
    path, at = f"/api/shops/{seller.shop_id}/orders", {"Kontor_Min_Position": shopper.position}
    before = await seller.shopper.read(f"{path}?limit=2", **at)
    servers.orders.goes(noticed)
    after = await degraded(seller.shopper.send("GET", f"{path}?limit=2", **at), "orders")
    assert after["items"] == before["items"]
    assert [item["orderId"] for item in after["items"]] == ordered[:2]
    assert (after["next"], after["prev"]) == (None, None)
    beyond = await seller.shopper.send("GET", f"{path}?limit=2&cursor={before['next']}")
    problem(beyond, 503, "storage_unavailable")
    problem(await other.shopper.send("GET", path), 403, "forbidden")
    servers.views.goes(noticed)
    answer = await seller.shopper.send("GET", path, **at)
    assert answer.headers["Kontor-Degraded"] == "shops, orders"
    assert [item["orderId"] for item in expect(200, answer)["items"]] == ordered


@pytest.mark.parametrize("noticed", [True, False])
async def test_a_sellers_stock_comes_from_the_log(
    house: House, seller: Seller, shopper: Shopper, ordered: list[str], servers: Servers, noticed: bool
):
    await (await open_shop(house.http, "Elsewhere")).sells()
    for number in range(4):
        await seller.sells(stock=number + 1)
    path, who = f"/api/shops/{seller.shop_id}/inventory?limit=2", seller.shopper
    before = [await who.read(path, Kontor_Min_Position=str(await house.head()))]
    before += [await who.read(f"{path}&cursor={before[0]['next']}")]
    servers.views.goes(noticed)
    after = [await degraded(who.send("GET", path), "shops")]
    after += [await degraded(who.send("GET", f"{path}&cursor={before[0]['next']}"), "shops")]
    after += [await degraded(who.send("GET", f"{path}&cursor={before[1]['prev']}"), "shops")]
    assert [page["items"] for page in after] == [page["items"] for page in (*before, before[0])]
    assert [len(page["items"]) for page in after] == [2, 2, 2]
    problem(await shopper.send("GET", path), 403, "forbidden")
