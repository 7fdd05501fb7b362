"""A catalog: shopkeepers who change what is on sale and for how much, and the documents of the search index, which have
to follow. Indexer and repricing are the real ones.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import Any

from commands.errors import StorageUnavailable
from domain.catalog.product import ChangeProduct, CreateProduct, Description, PublishProduct, Variant, WithdrawProduct
from domain.decider import Command
from domain.money import Money
from domain.sellers.offer import PutOffer, ScheduledPrice, Terms, WithdrawOffer
from kontor.simulation.door import Door
from kontor.simulation.goods import GOODS, Good
from kontor.simulation.index import Index
from kontor.simulation.process import Gone, Process
from streams.indexing.assembly import assemble, offer_of
from streams.indexing.documents import document

THINKING_S = 1.0
STARTS_IN_MS = (1_000, 10_000, 200_000)
"""How soon a price may begin; sooner than the simulation ends."""


class Shopkeepers:
    def __init__(self, door: Door, index: Index, chance: Random) -> None:
        self.calm = False
        self._door = door
        self._index = index
        self._chance = chance
        self._task: asyncio.Task[None] | None = None

    def come(self) -> None:
        self._task = asyncio.ensure_future(self._live())

    async def go(self) -> None:
        self.calm = True
        if self._task is not None:
            await self._task

    async def _live(self) -> None:
        while not self.calm:
            await asyncio.sleep(self._chance.expovariate(1 / THINKING_S))
            with suppress(Gone, StorageUnavailable):
                good = self._chance.choice(GOODS)
                await self._door.ask("usr_staff", self._change(good))

    def _change(self, good: Good) -> Command:
        """Of a product that there may not be; it is refused then."""
        product_id, offer_id, draw = f"prd_{good.sku}", offer_of(good.stock_id), self._chance.random()
        said = Description(f"{good.sku.title()} {self._chance.randrange(100)}", category=("office",))
        if draw < 0.3:
            return CreateProduct(product_id, "usr_staff", said, (Variant(good.sku),))
        if draw < 0.65:
            return PutOffer(offer_id, product_id, "USD", self._terms(good))
        others: tuple[Command, ...] = (
            ChangeProduct(product_id, said),
            WithdrawProduct(product_id),
            PublishProduct(product_id),
            PublishProduct(product_id),
            WithdrawOffer(offer_id),
        )
        return self._chance.choice(others)

    def _terms(self, good: Good) -> Terms:
        usual, now = Money(good.price + self._chance.randrange(5), "USD"), self._door.any().clock()
        begins = now + self._chance.randrange(self._chance.choice(STARTS_IN_MS))
        ends = self._chance.choice((0, begins + 1 + self._chance.randrange(self._chance.choice(STARTS_IN_MS))))
        prices = (ScheduledPrice(Money(good.price - 100, "USD"), begins, ends),)
        return Terms(usual, backorder=good.backorder, prices=self._chance.choice(((), prices)))

    # the end

    async def waits(self, process: Process) -> str:
        """For what; empty when each document is what the views of the process say, and there is no other."""

        async def expected() -> dict[str, Any]:
            found = await assemble(process.views, [f"prd_{good.sku}" for good in GOODS], process.clock())
            return {key: document(one) for key, one in found.items() if one.product.published}

        kept, there = await process.ask(expected), self._index.documents
        wrong = sorted(key for key in kept.keys() | there.keys() if kept.get(key) != there.get(key))
        return f"the index has {there.get(wrong[0])}, and should have {kept.get(wrong[0])}" if wrong else ""
