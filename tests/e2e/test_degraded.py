"""What a query service answers while one of its stores is away."""

from __future__ import annotations

from typing import Any

import pytest

from projections.views import ViewsUnavailable
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem


class Away:
    """Views whose store of orders does not answer."""

    def __init__(self, views: Any) -> None:
        self._views = views

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._views, name)

        async def ask(table: str, *arguments: Any, **more: Any) -> Any:
            if table in ("orders", "payments", "shop_orders"):
                raise ViewsUnavailable("planted: 10.0.0.1 refused the connection")
            return await real(table, *arguments, **more)

        return ask


@pytest.fixture
async def ordered(house: House, seller: Seller, shopper: Shopper) -> list[str]:
    sku = await seller.sells(stock=10, price=1999)
    shopper.position = seller.shopper.position
    orders = []
    for _ in range(3):
        await shopper.add(sku)
        orders.append((await shopper.buy())["orderId"])
    return orders[::-1]


async def test_recent_orders_come_from_the_log(house: House, shopper: Shopper, ordered: list[str]):
    before = await shopper.read("/api/orders")
    house.services.views = Away(house.services.views)
    answer = await shopper.send("GET", "/api/orders", Kontor_Min_Position=str(await house.head()))
    after = expect(200, answer)
    assert answer.headers["Kontor-Degraded"] == "orders"
    assert [order["orderId"] for order in after["items"]] == ordered

    def timeless(orders: Any) -> Any:
        return [{name: value for name, value in order.items() if name != "position"} for order in orders["items"]]

    assert timeless(after) == timeless(before)
    paid = await shopper.read("/api/orders?status=PAID&limit=2")
    assert [order["orderId"] for order in paid["items"]] == ordered[:2]
    rest = await shopper.read(f"/api/orders?status=PAID&limit=2&cursor={paid['next']}")
    assert [order["orderId"] for order in rest["items"]] == ordered[2:]


async def test_everything_else_goes_on(house: House, seller: Seller, shopper: Shopper, ordered: list[str]):
    house.services.views = Away(house.services.views)
    assert (await shopper.read(f"/api/orders/{ordered[0]}"))["status"] == "PAID"
    await shopper.read("/api/cart")
    sku = await seller.sells(stock=1, price=500)
    await shopper.add(sku)
    assert (await shopper.buy())["status"] == "PAID"


async def test_what_only_the_store_knows_is_a_503_that_names_no_server(
    house: House, seller: Seller, ordered: list[str]
):
    house.services.views = Away(house.services.views)
    answer = await seller.shopper.send("GET", f"/api/shops/{seller.shop_id}/orders")
    body = problem(answer, 503, "storage_unavailable")
    assert "10.0.0.1" not in str(body)
    assert answer.headers["Retry-After"] == "1"
