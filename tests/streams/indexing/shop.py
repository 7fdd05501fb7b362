"""A process that keeps a search index up with a log, and what happens in its shop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from commands.context import system_context
from commands.engine import Engine
from commands.store.sqlite import SQLiteLog
from domain.catalog.product import CreateProduct, Description, Variant
from domain.decider import Command
from domain.inventory.inventory import ReceiveStock
from projections.catalog.projector import CATALOG
from projections.reviews.projector import RATINGS
from projections.search.port import SearchIndex, SearchQuery
from projections.sqlite import SQLiteViews
from projections.stock.projector import STOCK
from streams.indexing.indexer import Indexer
from streams.views.follower import Follower
from tests.streams.indexing.watchedindex import Watched
from tests.waiting import until

NOW = 1_800_000_000_000
SHOP = "shp_1"


class Process:
    """One process: its own engine, views, follower and indexer over a folder that others may share."""

    def __init__(self, folder: Path, views: str = "views.db", search: SearchIndex | None = None) -> None:
        self.log = SQLiteLog.open(folder / "log.db")
        self.views = SQLiteViews(folder / views, (CATALOG, STOCK, RATINGS))
        self.search: Any = search or Watched(folder / "search")
        self.engine = Engine(self.log, clock=lambda: NOW)
        self.follower = Follower(self.log, self.views, self.engine)
        self.indexer = Indexer(self.log, self.views, self.search, lambda: NOW)
        self.follower.applied.append(self.indexer.applied)

    async def do(self, *commands: Command) -> int:
        """The log's position after them."""
        for command in commands:
            await self.engine.submit(command, system_context("test", NOW))
        return await self.log.head()

    async def do_at_once(self, *commands: Command) -> None:
        """In one commit."""
        await asyncio.gather(*(self.engine.submit(command, system_context("test", NOW)) for command in commands))

    async def ids_found(self, text: str = "", position: int | None = None) -> list[str]:
        at = await self.log.head() if position is None else position
        assert await self.indexer.wait_for(at, 10)
        return sorted(self.search.search(SearchQuery(text=text)).product_ids)


@asynccontextmanager
async def process(
    folder: Path, views: str = "views.db", writer: bool = True, search: SearchIndex | None = None
) -> AsyncIterator[Process]:
    async with running(Process(folder, views, search), writer) as shop:
        yield shop


@asynccontextmanager
async def running(shop: Process, writer: bool = True) -> AsyncIterator[Process]:
    await shop.engine.start()
    await shop.follower.start()
    await shop.indexer.start()
    if writer:
        await until(lambda: shop.indexer.writing)
    try:
        yield shop
    finally:
        await shop.engine.close()
        await shop.follower.close()
        await shop.indexer.close()
        shop.search.close()
        shop.views.close()
        await shop.log.close()


def product(number: int, title: str = "bed") -> CreateProduct:
    return CreateProduct(f"prd_{number}", "usr_1", Description(title), (Variant(f"S-{number}"),))


def receive(number: int, quantity: int) -> ReceiveStock:
    return ReceiveStock(f"stk_{SHOP}.S-{number}", quantity, NOW)
