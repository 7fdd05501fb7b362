"""Keys to purge: for whoever asks, of stock only what is seen of it, and everything where something was missed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any, cast

import pytest

from projections.views import Touched, Views, ViewsUnavailable
from readapi.caching.purges import ASKED_MS, Purges

BED, OFFER, STOCK = "prd_bed", "off_shp_a.BED", "stk_shp_a.BED"


class Shop:
    """Views with one offer and its stock."""

    def __init__(self, kept_max: int = 100) -> None:
        self.available = 20
        self.offered = True
        self.away = False
        self.now = 10 * ASKED_MS
        self.gate = asyncio.Event()
        """While it is closed, rows of stock are read and come late."""
        self.gate.set()
        self.purges = Purges(cast("Views", self), lambda: self.now, "life", kept_max)
        self.cursor = ""

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        if self.away:
            raise ViewsUnavailable("away")
        if table == "offers":
            return {OFFER: SimpleNamespace(product_id=BED)} if self.offered and OFFER in keys else {}
        available = self.available
        await self.gate.wait()
        item = SimpleNamespace(available=lambda at: available)
        return {STOCK: SimpleNamespace(item=item)} if STOCK in keys else {}

    async def looking(self) -> asyncio.Task[list[str]]:
        """Asks, and waits for rows that come when the gate is opened."""
        self.gate.clear()
        asked = asyncio.create_task(self.asked())
        await asyncio.sleep(0)
        return asked

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
    monkeypatch.setattr("readapi.caching.purges.TOLD_MAX", 2)
    for number in range(5):
        shop.changed(products=f"prd_{number}")
    answers = [await shop.asked() for _ in range(4)]
    assert answers == [["prd_0", "prd_1"], ["prd_2", "prd_3"], ["prd_4"], []]


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


async def test_whoever_begins_anew_hears_of_all_that_changes_afterwards(shop: Shop) -> None:
    async def nobody_asks_for_long() -> None:
        shop.now += ASKED_MS + 1
        shop.available = 20
        shop.changed(stock=STOCK)

    async def nobody_asks_after_it() -> None:
        shop.available = 20
        shop.changed(stock=STOCK)
        shop.now += ASKED_MS + 1

    async def changes_are_missed() -> None:
        shop.available = 20
        shop.purges.clear()

    async def the_cursor_is_lost() -> None:
        shop.available = 20
        shop.changed(stock=STOCK)
        shop.cursor = ""

    for meanwhile in (nobody_asks_for_long, nobody_asks_after_it, changes_are_missed, the_cursor_is_lost):
        assert await shop.sold(20) == [BED], meanwhile.__name__
        assert await shop.sold(0) == [BED]
        await meanwhile()
        assert await shop.asked() == ["everything"], "and it is seen that there are 20"
        assert await shop.sold(0) == [BED], meanwhile.__name__


async def test_whoever_begins_takes_nothing_from_others(shop: Shop) -> None:
    await shop.sold(20)
    first = shop.cursor
    shop.available = 0
    shop.changed(stock=STOCK)
    shop.cursor = ""
    assert await shop.asked() == ["everything"]
    shop.cursor = first
    assert await shop.asked() == [BED]


async def test_what_is_missed_while_rows_are_read_purges_everything(shop: Shop) -> None:
    shop.changed(products="prd_rug", stock=STOCK)
    asked = await shop.looking()
    shop.available = 0  # nobody says so
    shop.purges.clear()
    shop.gate.set()
    assert await asked == ["everything"]
    assert await shop.sold(20) == [BED], "what was read before is known no more"


async def test_so_does_what_finds_no_room_then() -> None:
    shop = Shop(kept_max=3)
    await shop.asked()
    for number in range(3):
        shop.changed(products=f"prd_{number}")
    shop.changed(stock=STOCK)
    assert await shop.asked() == ["everything"]


async def test_rows_are_looked_at_by_one_after_the_other(shop: Shop) -> None:
    assert await shop.sold(20) == [BED]
    shop.changed(stock=STOCK)
    first, late = await shop.looking(), shop.gate
    shop.available, shop.gate = 0, asyncio.Event()
    shop.gate.set()
    shop.changed(stock=STOCK)
    second = asyncio.create_task(shop.asked())
    for _ in range(10):
        await asyncio.sleep(0)
    late.set()
    await asyncio.gather(first, second)
    assert await shop.sold(20) == [BED], "the older rows were not noted after the newer ones"
