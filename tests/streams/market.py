"""A marketplace in small: a log in memory, a worker for each partition that fills Redis, and a process that reads."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any
from zlib import crc32

from domain.catalog.product import Description, ProductCreated, Variant
from domain.decider import Event
from domain.money import Money
from domain.recorded import Meta, Recorded
from domain.sellers.offer import OfferPut, Terms
from domain.sellers.shop import ShopOpened
from projections.catalog.projector import CATALOG
from projections.categories.projector import CATEGORIES
from projections.redisviews.reader import RedisViews
from projections.redisviews.server import RedisServer
from projections.redisviews.sink import RedisSink
from projections.reviews.projector import RATINGS
from projections.sellerratings.projector import SELLER_RATINGS
from projections.shops.projector import SHOPS
from projections.sink import RowsLost
from projections.stock.projector import STOCK
from projections.views import ViewsUnavailable
from readapi.caching.pages import Pages
from readapi.reading import TOLD, hear
from readapi.shown.categories import Categories
from readapi.shown.categorytitles import CategoryTitles
from streams.views.noticing import Noticing

PROJECTIONS = (CATALOG, CATEGORIES, STOCK, SHOPS, RATINGS, SELLER_RATINGS)
PARTITIONS = 3
META = Meta(0, 0, "", "", "", "", "", b"")


def partition_of(stream: str) -> int:
    return crc32(stream.encode()) % PARTITIONS


class Log:
    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self._versions: dict[str, int] = {}
        self.grown = asyncio.Event()

    def append(self, stream: str, event: Event) -> int:
        """The position, as a client's token would name it."""
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        self.events.append(Recorded(len(self.events) + 1, stream, version, event, META, b""))
        self.grown.set()
        self.grown = asyncio.Event()
        return len(self.events)


class Worker:
    """One partition, from the sink's position on, again from wherever the sink says when it lost rows."""

    def __init__(self, log: Log, sink: RedisSink, partition: int, page: int = 100) -> None:
        self.log, self.sink, self.partition, self.page = log, sink, partition, page

    async def run(self) -> None:
        while True:
            with contextlib.suppress(RowsLost, ViewsUnavailable):
                at = (await self.sink.progress()).get(self.partition, 0)
                while True:
                    at = await self.step(at)
            await asyncio.sleep(0.02)

    async def step(self, at: int) -> int:
        grown = self.log.grown
        events = self.log.events[at : at + self.page]
        if not events:
            await grown.wait()
            return at
        ours = [one for one in events if partition_of(one.stream) == self.partition]
        await self.sink.write(self.partition, events[-1].position, ours)
        return events[-1].position


class Market:
    def __init__(self, url: str, prefix: str) -> None:
        self.log = Log()
        self._servers = [RedisServer(url) for _ in range(PARTITIONS + 1)]
        self.sinks = [RedisSink(server, PROJECTIONS, prefix, TOLD) for server in self._servers[1:]]
        self.views = RedisViews(self._servers[0], PROJECTIONS, prefix)
        self.noticing = Noticing(self.views, PARTITIONS)
        self.pages = Pages(self.views, lambda: 0)
        self.categories = Categories(self.views)
        hear((self.pages,), (self.categories, CategoryTitles(self.views)), self.noticing)
        self._tasks: list[asyncio.Task[Any]] = []

    async def __aenter__(self) -> Market:
        for number, sink in enumerate(self.sinks):
            self.spawn(Worker(self.log, sink, number).run())
        await self.noticing.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.noticing.close()
        # Pages are made in tasks of their own, which outlive whoever gave up waiting for them.
        making = [task for task in asyncio.all_tasks() if task.get_coro().__qualname__ == "Pages._make"]
        await asyncio.gather(*making, return_exceptions=True)
        for server in self._servers:
            await server.close()

    def subscribed_from(self) -> list[str]:
        """Addresses that Redis knows the subscription by."""
        pool: Any = self.views.server._subscribing.connection_pool
        writers = [connection._writer for connection in pool._in_use_connections]
        names = [writer.get_extra_info("sockname") for writer in writers if writer is not None]
        return [f"{host}:{port}" for host, port, *_ in names]

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._tasks.append(task)
        return task

    async def read_from(self, position: int, product_id: str, timeout: float = 10) -> dict[str, Any]:
        """The page as a client gets it who brings a token."""
        assert await self.noticing.wait_for(position, timeout), (position, self.noticing.position)
        page = await self.pages.page(product_id)
        assert page is not None, product_id
        return dict(json.loads(page.body))

    # what merchants do

    def product(self, product_id: str) -> int:
        described = Description(product_id, category=("things",))
        return self.log.append(product_id, ProductCreated("usr_m", described, (Variant("sku"),)))

    def shop(self, shop_id: str, name: str) -> int:
        return self.log.append(shop_id, ShopOpened("usr_m", name, "DE", "EUR"))

    def offer(self, shop_id: str, sku: str, product_id: str, cents: int) -> int:
        return self.log.append(f"off_{shop_id}.{sku}", OfferPut(product_id, Terms(Money(cents, "EUR"))))


def prices(page: dict[str, Any]) -> dict[str, int]:
    """Minor units of each offer, by SKU."""
    return {offer["sku"]: offer["price"]["amount"] for offer in page["offers"]}
