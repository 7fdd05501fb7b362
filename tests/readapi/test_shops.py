"""What everybody, and what its owner, may know of a shop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.embedded import Kontor, kontor, pointers, since


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Kontor]:
    async with kontor(tmp_path) as built:
        yield built


async def test_the_owner_and_administrators_see_more(house: Kontor):
    merchant = await house.merchant()
    _, position = await merchant.sell()
    path = f"/api/shops/{merchant.shop_id}"
    stranger, admin = await house.user(), await house.user("admin")

    seen = {
        name: (await client.get(path, headers=since(position))).json()
        for name, client in (("all", house.client()), ("stranger", stranger), ("own", merchant.http), ("admin", admin))
    }

    public = {"shopId", "name", "country", "currency", "createdAt", "updatedAt", "version"}
    assert set(seen["all"]) == set(seen["stranger"]) == public
    assert seen["own"] == seen["admin"]
    assert (seen["own"]["ownerId"], seen["own"]["offers"], seen["own"]["stockItems"]) == (merchant.account_id, 1, 1)


async def test_the_dashboard_is_the_owners(house: Kontor):
    merchant = await house.merchant()
    stranger = await house.merchant()
    for name in ("orders", "inventory"):
        path, newest = f"/api/shops/{merchant.shop_id}/{name}", since(str(await house.head()))
        assert (await house.client().get(path, headers=newest)).status_code == 401
        assert (await stranger.http.get(path, headers=newest)).status_code == 403
        assert (await (await house.user("admin")).get(path, headers=newest)).status_code == 200
        assert (await merchant.http.get(f"/api/shops/shp_nobody/{name}")).status_code == 404


async def test_inventory_is_paged_by_sku(house: Kontor):
    merchant, position = await house.merchant(), ""
    for i in (3, 1, 4, 0, 2):
        _, position = await merchant.sell(units=i + 1, variants=[{"sku": f"S-{i}"}])
    path = f"/api/shops/{merchant.shop_id}/inventory"

    first = (await merchant.http.get(f"{path}?limit=2", headers=since(position))).json()
    second = (await merchant.http.get(f"{path}?limit=2&cursor={first['next']}")).json()
    third = (await merchant.http.get(f"{path}?limit=2&cursor={second['next']}")).json()
    back = (await merchant.http.get(f"{path}?limit=2&cursor={third['prev']}")).json()

    assert [row["sku"] for page in (first, second, third) for row in page["items"]] == [f"S-{i}" for i in range(5)]
    assert first["items"][1] == {"sku": "S-1", "onHand": 2, "committed": 0, "held": 0, "available": 2, "version": 1}
    assert (first["prev"], third["next"]) == (None, None)
    assert back["items"] == second["items"]


async def test_a_cursor_belongs_to_one_shop(house: Kontor):
    first, second = await house.merchant(), await house.merchant()
    position = ""
    for i in range(2):
        _, position = await first.sell(variants=[{"sku": f"S-{i}"}])
    page = await first.http.get(f"/api/shops/{first.shop_id}/inventory?limit=1", headers=since(position))
    path = f"/api/shops/{second.shop_id}/inventory?cursor={page.json()['next']}"
    assert pointers(await second.http.get(path)) == ["cursor"]
