"""Rows about what is damaged in the log are refused; all others of their batch are taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from commands.context import system_context
from commands.engine import Engine
from commands.store.memory import MemoryLog
from domain.ids import offer_id, stock_id
from domain.sellers.offer import LiveOffer
from domain.sellers.shop import OpenShop
from streams.merchantfeeds.rows import Line
from tests.damage import damage
from writeapi.merchants.loading import RowLoader
from writeapi.merchants.rows import DAMAGED

SHOP, OWNER, NOW = "shp_1", "usr_1", 1_800_000_000_000
SKUS = [f"BED-{number}" for number in range(7)]
PRICE = {"amount": 4_900, "currency": "USD"}


@asynccontextmanager
async def loading(log: MemoryLog) -> AsyncIterator[RowLoader]:
    """By a process that has nothing of the log in memory."""
    engine = Engine(log, clock=lambda: NOW)
    await engine.start()
    yield RowLoader(engine, engine.clock)
    await engine.close()


async def furnished() -> MemoryLog:
    """A shop that has some of each SKU, and offers them."""
    log = MemoryLog()
    async with loading(log) as loader:
        await loader.engine.submit(OpenShop(SHOP, OWNER, "Nordwald", "US", "USD"), system_context("test", NOW))
        products = [{"title": "Bed", "variants": [{"sku": sku}]} for sku in SKUS]
        offers = [{"sku": sku, "price": PRICE} for sku in SKUS]
        stock = [{"sku": sku, "quantity": 3} for sku in SKUS]
        for what, rows in (("products", products), ("offers", offers), ("stock", stock)):
            assert (await loader.load(what, [Line(*row) for row in enumerate(rows, 1)], SHOP)).rejections == []
    return log


async def test_a_row_about_something_damaged_is_refused_and_the_others_are_taken() -> None:
    log = await furnished()
    damage(log, stock_id(SHOP, SKUS[2]))
    async with loading(log) as loader:
        lines = [Line(number, {"sku": sku, "quantity": 5}) for number, sku in enumerate(SKUS, 1)]
        loaded = await loader.load("stock", lines, SHOP)
        assert [(one.number, one.reason) for one in loaded.rejections] == [(3, DAMAGED)]
        others = [await loader.engine.state(stock_id(SHOP, sku)) for sku in SKUS if sku != SKUS[2]]
        assert {item.on_hand for item in others} == {5}


async def test_what_is_damaged_keeps_no_other_offer_from_being_withdrawn() -> None:
    log = await furnished()
    damage(log, offer_id(SHOP, SKUS[2]))
    async with loading(log) as loader:
        assert await loader.withdraw("offers", SKUS, SHOP) == len(SKUS) - 1
        others = [await loader.engine.state(offer_id(SHOP, sku)) for sku in SKUS if sku != SKUS[2]]
        assert not any(isinstance(offer, LiveOffer) for offer in others)
