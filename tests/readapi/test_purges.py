"""Keys to purge: for whoever asks, of stock only what is seen of it, and everything where something was missed."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any, cast

import pytest

from projections.views import Touched, Views, ViewsUnavailable
from readapi.purges import ASKED_MS, Purges

BED, OFFER, STOCK = "prd_bed", "off_shp_a.BED", "stk_shp_a.BED"


class Shop:
    """Views with one offer and its stock."""

    def __init__(self, kept_max: int = 100) -> None:
        self.available = 20
        self.offered = True
        self.away = False
        self.now = 10 * ASKED_MS
        self.purges = Purges(cast("Views", self), lambda: self.now, "life", kept_max)
        self.cursor = ""

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        if self.away:
            raise ViewsUnavailable("away")
        if table == "offers":
            return {OFFER: SimpleNamespace(product_id=BED)} if self.offered and OFFER in keys else {}
        item = SimpleNamespace(available=lambda at: self.available)
        return {STOCK: SimpleNamespace(item=item)} if STOCK in keys else {}

    def changed(self, offered: Collection[str] = (), **tables: str) -> None:
        self.purges.changed(Touched({table: {key} for table, key in tables.items()}), offered)

    async def sold(self, left: int) -> list[str]:
        self.available = left
        self.changed(stock=STOCK)
        return await self.asked()

    async def asked(self) -> list[str]:
        found = await self.purges.since(self.cursor)
        self.cursor = found.next
        return ["everything"] if found.everything else list(found.keys)


@pytest.fixture
async def shop() -> Shop:
    made = Shop()
    assert await made.asked() == ["everything"], "who begins knows of nothing"
    return made


async def test_of_stock_only_what_is_seen_of_it_purges(shop: Shop) -> None:
    assert await shop.sold(19) == [BED], "nobody knows yet what was seen of it"
    assert await shop.sold(18) == []
    assert await shop.sold(5) == [BED], "little"
    assert await shop.sold(4) == []
    assert await shop.sold(0) == [BED], "sold out"
    assert await shop.sold(30) == [BED], "back"
    assert await shop.asked() == []


async def test_what_is_said_of_products_shops_and_categories_purges_what_shows_it(shop: Shop) -> None:
    shop.changed(products=BED, ratings="prd_rug", media="prd_lamp")
    shop.changed(shops="shp_a", seller_ratings="shp_b")
    shop.changed(categories="cat_1")
    shop.changed(carts="crt_1")
    assert await shop.asked() == [BED, "prd_rug", "prd_lamp", "shp_a", "shp_b", "categories"]
    shop.changed(products=BED)
    shop.changed(products=BED)
    assert await shop.asked() == [BED], "each once"


async def test_an_offer_purges_its_product_and_one_that_is_gone_its_shop(shop: Shop) -> None:
    shop.changed(["prd_new"], offers=OFFER)
    assert await shop.asked() == ["prd_new", BED]
    shop.offered = False
    shop.changed(offers=OFFER)
    assert await shop.asked() == ["shp_a"]
    assert await shop.sold(0) == [], "stock of what nobody offers is shown nowhere"


async def test_an_answer_may_be_asked_for_again(shop: Shop) -> None:
    shop.changed(products=BED)
    before = shop.cursor
    assert await shop.asked() == [BED]
    shop.cursor = before
    assert await shop.asked() == [BED]


async def test_many_keys_come_in_several_answers(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readapi.purges.TOLD_MAX", 2)
    for number in range(5):
        shop.changed(products=f"prd_{number}")
    told = [await shop.asked() for _ in range(4)]
    assert told == [["prd_0", "prd_1"], ["prd_2", "prd_3"], ["prd_4"], []]


@pytest.mark.parametrize("cursor", ["", "other.0", "life.", "life.x", "life.-1", "life.99", "life", "life." + "9" * 40])
async def test_a_cursor_that_is_not_known_purges_everything(shop: Shop, cursor: str) -> None:
    shop.cursor = cursor
    assert await shop.asked() == ["everything"]
    assert await shop.asked() == []


async def test_what_may_have_been_missed_purges_everything(shop: Shop) -> None:
    shop.changed(products=BED)
    shop.purges.clear()
    assert await shop.asked() == ["everything"]
    shop.changed(products=BED)
    assert await shop.asked() == [BED]
    shop.now += ASKED_MS + 1
    assert await shop.asked() == ["everything"], "nothing is gathered for who does not ask"


async def test_what_is_kept_is_bounded() -> None:
    shop = Shop(kept_max=3)
    await shop.asked()
    for number in range(4):
        shop.changed(products=f"prd_{number}")
    assert await shop.asked() == ["everything"]
    for number in range(4):
        shop.changed(stock=f"stk_shp_a.{number}")
    assert await shop.asked() == ["everything"]
    shop.changed(products=BED)
    assert await shop.asked() == [BED]


async def test_while_the_views_are_away_what_waits_waits_on(shop: Shop) -> None:
    shop.away = True
    with pytest.raises(ViewsUnavailable):
        await shop.sold(0)
    shop.away = False
    assert await shop.asked() == [BED]
