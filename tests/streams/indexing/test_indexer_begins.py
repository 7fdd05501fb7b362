"""Whoever begins to write an index is told so: what no event says of its documents has to be told again."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.money import Money
from domain.sellers.offer import PutOffer, ScheduledPrice, Terms
from projections.search.port import SearchQuery
from streams.indexing import indexer
from streams.indexing.repricing import Repricing
from tests.streams.indexing.shop import NOW, SHOP, process, product, receive
from tests.waiting import until

OFFER = f"off_{SHOP}.S-1"


async def test_of_an_index_that_took_the_place_of_its_own_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "RETRY_S", 0.02)
    async with process(tmp_path) as shop:
        began: list[bool] = []
        shop.indexer.began.append(lambda: began.append(shop.indexer.writing))
        shop.search.close()
        await shop.ids_found(position=await shop.do(product(1)))
        assert began == [True]


async def test_a_price_that_began_is_shown_though_its_writer_died_before_it_was_committed(tmp_path: Path) -> None:
    """The reader had been told too, and had nothing to write it in."""
    now = NOW
    price = ScheduledPrice(Money(60, "USD"), NOW + 1_000, 0)
    put = PutOffer(OFFER, "prd_1", "USD", Terms(Money(100, "USD"), prices=(price,)))
    async with process(tmp_path, "views-2.db") as writer, process(tmp_path, writer=False) as reader:
        reader.indexer._clock = lambda: now
        repricing = Repricing(reader.views, reader.indexer.touch, lambda: now)
        reader.indexer.began.append(repricing.begin_anew)
        reader.follower.applied.append(repricing.applied)
        await repricing.start()
        await reader.ids_found("bed", await reader.do(product(1), put, receive(1, 20)))
        writer.search.broken = True
        now = NOW + 2_000
        repricing._news.set()
        await until(lambda: not repricing._due)
        await until(lambda: not reader.indexer._pending)
        writer.search.close()  # as the system does for one that was killed
        await until(lambda: reader.search.search(SearchQuery(price_max=60)).total == 1, 10)
        await repricing.close()
