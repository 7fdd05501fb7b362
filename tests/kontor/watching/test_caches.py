"""Hits and misses of the caches, as they are counted and as Prometheus is told of them."""

from __future__ import annotations

import asyncio

from kontor.serving.running import measured
from projections.rowcache import RowCache
from readapi.caching.remembered import Refreshed, Remembered
from streams.discovery.affinities import Remembered as ForAWhile
from tests.e2e.house import in_process
from tests.e2e.market import open_shop
from tests.e2e.shopper import Shopper, sign_up
from tests.kontor.watching.samples import numbers


async def lookups(http, cache: str) -> tuple[int, int]:
    metrics = await numbers(http)
    name = f'kontor_cache_lookups_total{{cache="{cache}",result='
    return int(metrics[name + '"hit"}']), int(metrics[name + '"miss"}'])


async def test_services_tell_what_their_caches_had(tmp_path):
    async with in_process(tmp_path) as house, measured(house.app, house.services):
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=10)
        await seller.is_found()
        product = f"/api/products/{seller.products[sku]}"
        visitor = Shopper(house.http, position=seller.shopper.position)

        async def more(path: str, cache: str) -> tuple[int, int]:
            hits, misses = await lookups(house.http, cache)
            await visitor.read(path)
            now = await lookups(house.http, cache)
            return now[0] - hits, now[1] - misses

        assert [await more(product, "products") for _ in range(3)] == [(0, 1), (1, 0), (1, 0)]
        assert [await more("/api/products?q=oak", "searches") for _ in range(2)] == [(0, 1), (1, 0)]
        assert [await more("/api/products/suggest?q=oa", "suggestions") for _ in range(2)] == [(0, 1), (1, 0)]
        assert sum(await more("/api/categories", "categories")) == 1
        assert (await more(f"{product}/also-bought", "affinities"))[1] > 0
        hits, misses = await lookups(house.http, "tokens")
        assert 0 < misses < hits
        ada = await (await sign_up(house.http)).move_in()
        await ada.add(sku)
        before = await lookups(house.http, "quotes")
        await ada.quote()
        await ada.quote()
        assert (await lookups(house.http, "quotes"))[0] > before[0]
        assert min(await lookups(house.http, "aggregates")) > 0
        for cache in ("category_pages", "category_titles", "feeds", "destinations", "seller_names", "stand_ins"):
            assert min(await lookups(house.http, cache)) >= 0


async def test_what_somebody_waited_for_was_not_there_at_once():
    begun = asyncio.Event()

    async def make() -> str:
        await begun.wait()
        return "made"

    for cache in (
        Remembered(lambda: 1, 10),
        Refreshed(lambda: 1, lambda: 1, 10),
        ForAWhile(lambda: 1, lambda: 1, 9, 10),
    ):
        begun.clear()

        async def ask(cache=cache) -> None:
            if isinstance(cache, Refreshed):
                await cache.answered(b"key", make)
            elif isinstance(cache, ForAWhile):
                await cache.get("key", 0, make)
            else:
                await cache.get(b"key", make)

        waiting = [asyncio.create_task(ask()) for _ in range(2)]
        await asyncio.sleep(0)
        begun.set()
        await asyncio.gather(*waiting)
        await ask()
        assert (cache.hits, cache.misses) == (1, 2), cache


async def test_what_a_search_showed_before_the_index_changed_was_there_at_once():
    generation = 1
    cache: Refreshed[int] = Refreshed(lambda: generation, lambda: generation, 10, now=lambda: 0.0)

    async def make() -> int:
        return generation

    await cache.answered(b"key", make)
    generation = 2
    assert (await cache.answered(b"key", make)).answer == 1
    assert (cache.hits, cache.misses) == (1, 1)


def test_rows_are_counted_one_by_one():
    cache = RowCache()
    cache.put("stock", "a", 1, 10)
    cache.get_many("stock", ["a", "b", "c"])
    cache.get_many("stock", ["a"])
    assert (cache.hits, cache.misses) == (2, 2)
