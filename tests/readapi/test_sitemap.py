"""The sitemap: how many there are, what is in memory of them, and how often anybody looks."""

from __future__ import annotations

import asyncio
import re
import zlib
from bisect import bisect_right
from typing import Any

import pytest

from domain.catalog.product import Description, Variant
from projections.catalog.projector import ProductRow
from projections.views import Entry, Place, ViewsUnavailable
from readapi.storefront.sitemap import AT_ONCE, FRESH_S, Sitemap
from tests.waiting import until

BASE = "https://shop.example"
DAY_MS = 86_400_000


def row(changed_at: int, **state: bool) -> ProductRow:
    return ProductRow("usr_1", Description("Bed"), (Variant("BED"),), 0, changed_at, 1, **state)


class Rows:
    """Views with nothing but products, by id."""

    def __init__(self, number: int) -> None:
        self.rows = {f"prd_{at:05}": row(at * DAY_MS) for at in range(number)}
        self.asked = 0
        self.most = 0
        self.away = False

    async def listed(self, table: str, index: str, owner: str, *, limit: int, after: Place) -> list[Entry]:
        assert (table, index, owner) == ("products", "all", "")
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise ViewsUnavailable("test")
        keys = sorted(self.rows)
        found = keys[(begin := bisect_right(keys, after.key)) : begin + limit]
        self.most = max(self.most, len(found))
        return [Entry(key, self.rows[key]) for key in found]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class House:
    def __init__(self, number: int, urls_max: int = 300, packed_max: int = 1 << 20) -> None:
        self.views = Rows(number)
        self.clock = Clock()
        self.rested: list[float] = []
        views: Any = self.views
        self.sitemap = Sitemap(views, BASE, urls_max, self.clock, self.rest, packed_max)

    async def rest(self, seconds: float) -> None:
        self.rested.append(seconds)
        await asyncio.sleep(0)

    async def index(self) -> list[tuple[str, str]]:
        text = (await self.sitemap.index()).decode()
        return re.findall(r"<loc>(.+?)</loc>(?:<lastmod>(.+?)</lastmod>)?", text)

    async def part(self, number: int) -> list[str]:
        packed = await self.sitemap.part(number)
        assert packed is not None
        text = zlib.decompress(packed, wbits=31).decode()
        assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/')
        return re.findall(rf"<url><loc>{BASE}/product/(\w+)</loc><lastmod>[\d:.TZ-]+</lastmod></url>", text)


async def test_every_product_is_in_one_part_and_no_part_is_too_long() -> None:
    house = House(1_000)
    places = await house.index()
    assert [place for place, _ in places] == [f"{BASE}/sitemap-{part}.xml" for part in ("pages", 1, 2, 3, 4)]
    parts = [await house.part(number) for number in (1, 2, 3, 4)]
    assert [len(part) for part in parts] == [300, 300, 300, 100]
    assert [one for part in parts for one in part] == sorted(house.views.rows)
    assert await house.sitemap.part(5) is await house.sitemap.part(0) is None


async def test_a_part_says_when_anything_in_it_changed() -> None:
    house = House(600)
    house.views.rows["prd_00007"] = row(700 * DAY_MS)
    assert [changed[:10] for _, changed in await house.index()] == ["", "1971-12-02", "1971-08-23"]


async def test_only_a_few_are_looked_at_at_once_and_others_have_their_turns() -> None:
    house = House(1_000)
    await house.index()
    assert (house.views.most, house.views.asked) == (AT_ONCE, 6)
    assert len(house.rested) == 5


async def test_what_nobody_can_buy_any_more_or_yet_is_not_in_it() -> None:
    house = House(10)
    house.views.rows |= {"prd_00003": row(0, discontinued=True), "prd_00009": row(0, draft=True)}
    assert await house.part(1) == [f"prd_{at:05}" for at in (0, 1, 2, 4, 5, 6, 7, 8)]


async def test_an_empty_shop_has_pages_and_no_parts() -> None:
    house = House(0)
    assert await house.index() == [(f"{BASE}/sitemap-pages.xml", "")]
    assert await house.sitemap.part(1) is None


async def test_all_who_ask_meanwhile_wait_for_one_walk_and_one_part() -> None:
    house = House(500)
    await asyncio.gather(*(house.index() for _ in range(5)))
    walked = house.views.asked
    assert walked == 3
    first, *others = await asyncio.gather(*(house.sitemap.part(1) for _ in range(5)))
    assert all(other is first for other in others)
    assert house.views.asked == walked + 2


async def test_parts_are_kept_packed_as_long_as_there_is_room() -> None:
    roomy, narrow = House(600), House(600, packed_max=1_500)
    for house, more in ((roomy, 0), (narrow, 2)):
        await house.part(1)
        assert len(await house.sitemap.part(2) or b"") > 750
        before = house.views.asked
        await house.part(1)
        assert house.views.asked == before + more


async def test_for_an_hour_nobody_looks_again_and_then_nobody_waits() -> None:
    house = House(100)
    await house.index()
    house.views.rows["prd_99999"] = row(0)
    house.clock.now = FRESH_S - 1
    await house.index()
    assert house.views.asked == 1
    house.clock.now = FRESH_S
    before = house.views.asked
    assert len(await house.index()) == 2
    assert house.views.asked == before, "shown as it was, before anybody looked"
    await until(lambda: house.views.asked > before)
    await asyncio.sleep(0.01)
    assert "prd_99999" in await house.part(1)


async def test_what_is_new_since_the_walk_never_makes_a_part_too_long() -> None:
    house = House(300)
    await house.index()
    house.views.rows |= {f"prd_9{at:04}": row(0) for at in range(50)}
    assert len(await house.part(1)) == 300


async def test_after_a_failure_the_next_who_asks_looks_again() -> None:
    house = House(10)
    house.views.away = True
    with pytest.raises(ViewsUnavailable):
        await house.index()
    house.views.away = False
    await house.index()
    house.views.away = True
    with pytest.raises(ViewsUnavailable):
        await house.sitemap.part(1)
    house.views.away = False
    assert len(await house.part(1)) == 10


def test_addresses_are_escaped() -> None:
    views: Any = Rows(0)
    pages = Sitemap(views, BASE).pages(["/category/A%26B", "/category/a&b<"]).decode()
    assert f"<loc>{BASE}/category/a&amp;b&lt;</loc>" in pages
