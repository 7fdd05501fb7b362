"""Which search documents are made anew because a price begins or ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from domain.money import Money
from domain.recorded import Meta, Recorded
from domain.sellers.offer import OfferPut, ScheduledPrice, Terms
from projections.catalog.projector import CATALOG
from projections.sqlite import SQLiteViews
from projections.views import Touched, ViewsUnavailable
from streams.indexing.repricing import Repricing
from tests.waiting import until

META = Meta(0, 0, "", "", "", "", "", b"")
A, B, PLAIN = "off_shp_1.a", "off_shp_1.b", "off_shp_1.plain"


class Shop:
    """Offers in a view, and a clock that is set."""

    def __init__(self, folder: Path) -> None:
        self.views = SQLiteViews(folder / "views.db", (CATALOG,))
        self.now = 1_000
        self.touched: list[set[str]] = []
        self.heard = asyncio.Event()
        self.position = 0
        self.repricing = Repricing(self.views, self.hear, lambda: self.now)

    def hear(self, touched: Touched) -> None:
        self.touched.append(touched["offers"])
        self.heard.set()

    def put(self, offer: str, *bounds: tuple[int, int]) -> None:
        prices = tuple(ScheduledPrice(Money(1, "USD"), starts_at, ends_at) for starts_at, ends_at in bounds)
        self.position += 1
        event = OfferPut("prd_1", Terms(Money(2, "USD"), prices=prices))
        events = [Recorded(self.position, offer, self.position, event, META, b"")]
        self.views.apply(["catalog"], events)
        self.repricing.applied(events, Touched(offers={offer}))

    async def tells(self, expected: list[set[str]]) -> None:
        async with asyncio.timeout(20):
            while self.touched != expected:
                self.heard.clear()
                await self.heard.wait()


async def run(shop: Shop, work: Callable[[], Any]) -> None:
    await shop.repricing.start()
    try:
        await work()
    finally:
        await shop.repricing.close()
        shop.views.close()


async def test_what_changed_while_nobody_looked_is_made_anew_at_the_start(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.put(A, (500, 0))
    shop.put(B, (5_000, 0))
    shop.put(PLAIN)
    await run(shop, lambda: shop.tells([{A}]))


async def test_each_bound_is_told_when_it_comes(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.put(PLAIN, (500, 0))

    async def work() -> None:
        await shop.tells([{PLAIN}])
        shop.touched.clear()
        shop.put(A, (1_010, 1_030))
        shop.put(B, (1_020, 0))
        for at, expected in ((1_010, [{A}]), (1_020, [{A}, {B}]), (1_030, [{A}, {B}, {A}])):
            shop.now = at
            await shop.tells(expected)

    await run(shop, work)


async def test_views_that_are_away_are_waited_for(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("streams.indexing.repricing.RETRY_S", 0.01)
    shop = Shop(tmp_path)
    shop.put(A, (500, 0))
    listed, tries = shop.views.listed, [1, 2]

    async def away_at_first(*which: Any, **more: Any) -> Any:
        if tries:
            tries.pop()
            raise ViewsUnavailable("planted")
        return await listed(*which, **more)

    monkeypatch.setattr(shop.views, "listed", away_at_first)
    await run(shop, lambda: shop.tells([{A}]))


async def test_another_index_is_told_what_had_changed_before(tmp_path: Path) -> None:
    """One that took the place of ours was made of what the views showed then."""
    shop = Shop(tmp_path)
    shop.put(A, (2_000, 9_000))
    shop.put(B, (8_000, 9_000))

    async def work() -> None:
        await until(lambda: len(shop.repricing._due) == 2)
        shop.now = 2_000
        shop.repricing.begin_anew()
        await shop.tells([{A}])
        shop.repricing.begin_anew()
        await shop.tells([{A}, {A}])
        await until(lambda: len(shop.repricing._due) == 2)
        shop.now = 9_000
        shop.repricing.begin_anew()
        await shop.tells([{A}, {A}, {A, B}])

    await run(shop, work)
