"""Orders while the store of orders is away: the recent ones come from the log."""

from __future__ import annotations

import pytest

from tests.e2e.degraded.answers import but, degraded
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper, problem


@pytest.mark.parametrize("noticed", [True, False])
async def test_recent_orders_come_from_the_log(
    house: House, shopper: Shopper, ordered: list[str], servers: Servers, noticed: bool
):
    shopper.position = str(await house.head())
    before = await shopper.read("/api/orders")
    servers.orders.goes(noticed)
    after = await degraded(shopper.send("GET", "/api/orders", Kontor_Min_Position=shopper.position), "orders")
    assert [order["orderId"] for order in after["items"]] == ordered
    assert [but(order, "position") for order in after["items"]] == [but(order, "position") for order in before["items"]]
    paid = await shopper.read("/api/orders?status=PAID&limit=2")
    assert [order["orderId"] for order in paid["items"]] == ordered[:2]
    rest = await shopper.read(f"/api/orders?status=PAID&limit=2&cursor={paid['next']}")
    assert [order["orderId"] for order in rest["items"]] == ordered[2:]
    servers.orders.comes_back()
    answer = await shopper.send("GET", "/api/orders")
    assert "Kontor-Degraded" not in answer.headers


async def test_a_store_that_is_merely_behind_is_not_stood_in_for(house: House, shopper: Shopper, ordered: list[str]):
    head = await house.head()
    answer = await shopper.send("GET", "/api/orders", Kontor_Min_Position=str(head + 1), Prefer="wait=0")
    problem(answer, 503, "position_not_reached")
    assert "Kontor-Degraded" not in answer.headers


async def test_a_store_that_is_known_to_be_away_is_not_asked(shopper: Shopper, ordered: list[str], servers: Servers):
    servers.orders.goes()
    servers.views.goes()
    asked = servers.orders.asked, servers.views.asked
    await shopper.read("/api/orders")
    await shopper.read("/api/cart")
    assert (servers.orders.asked, servers.views.asked) == asked


async def test_what_only_the_store_knows_is_a_503_that_names_no_server(
    seller: Seller, ordered: list[str], servers: Servers
):
    servers.views.goes(noticed=False)
    answer = await seller.shopper.send("GET", f"/api/shops/{seller.shop_id}/ledger")
    body = problem(answer, 503, "storage_unavailable")
    assert "10.0.0.1" not in str(body)
    assert answer.headers["Retry-After"] == "1"
