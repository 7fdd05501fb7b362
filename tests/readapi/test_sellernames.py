"""Names of shops in the facet of sellers: heard once, believed for a while, and missing rather than in the way."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from projections.search.port import Bucket, Facets
from projections.views import Views, ViewsUnavailable
from readapi.shown.sellernames import REMEMBERED_MS, SellerNames
from tests.embedded import kontor, since

FOUND = msgspec.json.encode(Facets(brand=[Bucket("Oak", 2)], seller=[Bucket("shp_a", 2), Bucket("shp_b", 1)]))


class Shops:
    """Views that know what shops call themselves, and count who asks."""

    def __init__(self, **names: str) -> None:
        self.names = names
        self.asked: list[list[str]] = []
        self.away = False
        self.now = 1_000_000

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        assert table == "shops"
        self.asked.append(list(keys))
        if self.away:
            raise ViewsUnavailable("away")
        return {key: SimpleNamespace(shop=SimpleNamespace(name=self.names[key])) for key in keys if key in self.names}

    def seller_names(self) -> SellerNames:
        return SellerNames(cast("Views", self), lambda: self.now)


async def names(sellers: SellerNames, fresh: bool = False) -> list[str | None]:
    return [bucket["name"] for bucket in msgspec.json.decode(await sellers.beside(FOUND, fresh))["seller"]]


async def test_everything_else_stays_as_it_was() -> None:
    shown = msgspec.json.decode(await Shops(shp_a="Alder", shp_b="Birch").seller_names().beside(FOUND))
    sellers = shown.pop("seller")
    assert sellers == [
        {"value": "shp_a", "count": 2, "name": "Alder"},
        {"value": "shp_b", "count": 1, "name": "Birch"},
    ]
    before = msgspec.json.decode(FOUND)
    del before["seller"]
    assert shown == before


async def test_names_are_believed_for_a_while() -> None:
    shops = Shops(shp_a="Alder", shp_b="Birch")
    sellers = shops.seller_names()
    assert await names(sellers) == await names(sellers) == ["Alder", "Birch"]
    assert shops.asked == [["shp_a", "shp_b"]]
    shops.names["shp_a"] = "Ash"
    assert await names(sellers) == ["Alder", "Birch"]
    assert await names(sellers, fresh=True) == ["Ash", "Birch"]
    shops.names["shp_b"] = "Beech"
    shops.now += REMEMBERED_MS
    assert await names(sellers) == ["Ash", "Beech"]


async def test_without_the_views_there_are_the_names_that_are_known() -> None:
    shops = Shops(shp_a="Alder")
    sellers = shops.seller_names()
    assert await names(sellers) == ["Alder", None]
    shops.away = True
    shops.now += REMEMBERED_MS
    assert await names(sellers) == ["Alder", None]
    assert await names(shops.seller_names()) == [None, None]


async def test_a_page_kept_by_an_older_version_may_lack_facets() -> None:
    shown = msgspec.json.decode(await Shops().seller_names().beside(b'{"brand":[{"value":"Oak","count":2}]}'))
    assert (shown["brand"], shown["seller"], shown["attributes"]) == ([{"value": "Oak", "count": 2}], [], {})


async def test_whoever_renamed_a_shop_finds_the_new_name(tmp_path: Any) -> None:
    async with kontor(tmp_path) as house:
        seller = await house.merchant("Nordwald")
        _, position = await seller.sell()
        found = (await house.client().get("/api/products", headers=since(position))).json()
        assert found["facets"]["seller"] == [{"value": seller.shop_id, "count": 1, "name": "Nordwald"}]
        renamed = (await seller.http.patch(f"/api/shops/{seller.shop_id}", json={"name": "Sund"})).json()
        found = (await house.client().get("/api/products", headers=since(renamed["position"]))).json()
        assert [bucket["name"] for bucket in found["facets"]["seller"]] == ["Sund"]
