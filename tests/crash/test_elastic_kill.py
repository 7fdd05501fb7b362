"""Elasticsearch is killed in the midst of indexing and comes back: the index equals the catalog again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.catalog.product import ChangeProduct, Description
from projections.breaker import Breaker
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server
from projections.search.port import SearchQuery, SearchUnavailable
from streams.indexing import indexer
from tests.needed import address
from tests.stack.commands import Stack
from tests.streams.indexing.shop import Process, process, product
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.crash, pytest.mark.timeout(300)]
KILLS = 2


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[Stack]:
    """A server of its own that may be killed."""
    address("elasticsearch")  # whoever has no servers at hand is not made to fetch one
    stack = Stack(tmp_path / "stack")
    stack.do("up", "elasticsearch")
    yield stack
    stack.run("kill", "elasticsearch")


async def keep_changing(shop: Process, numbers: range) -> None:
    for number in numbers:
        await shop.do(product(number), ChangeProduct(f"prd_{number - 10}", Description(f"wardrobe {number}")))
        await asyncio.sleep(0.02)


async def test_killed_while_indexing(tmp_path: Path, killable: Stack, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(indexer, "RETRY_S", 0.2)
    breaker = Breaker("elasticsearch", rest_s=0.3)
    url = f"http://127.0.0.1:{killable.ports['elasticsearch']}"
    search = ElasticIndex(Server(url, breaker), lease_ttl_s=3.0)
    async with process(tmp_path, writer=False, search=search) as shop:
        await shop.do(*(product(number) for number in range(10)))
        assert await shop.indexer.wait_for(await shop.log.head(), 60)
        for kill in range(KILLS):
            first = 10 + 150 * kill
            load = asyncio.create_task(keep_changing(shop, range(first, first + 150)))
            await asyncio.sleep(0.7)
            await asyncio.to_thread(killable.do, "kill", "elasticsearch")
            with pytest.raises(SearchUnavailable):
                await asyncio.to_thread(search.search, SearchQuery(text="bed"))
            await until(lambda: breaker.state == "open")
            await load
            await asyncio.to_thread(killable.do, "up", "elasticsearch")
            assert await shop.indexer.wait_for(await shop.log.head(), 60)
            assert breaker.state == "closed"
        await until(lambda: shop.indexer.backlog == 0)
        expected = {key: kept.row.description.title for key, kept in shop.views.walk("products")}
        for title in set(expected.values()):
            wanted = sorted(key for key, other in expected.items() if other == title)
            found = search.search(SearchQuery(text=title, limit=100))
            if title == "bed":
                assert found.total == len(wanted)
            else:
                assert found.product_ids[0] == wanted[0], title
        assert search.search(SearchQuery()).total == len(expected) == 10 + 150 * KILLS
