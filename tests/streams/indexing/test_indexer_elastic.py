"""The indexer on Elasticsearch: found, taken over, and nothing lost while the server is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.catalog.product import ChangeProduct, Description
from projections.breaker import Breaker
from projections.search.elastic.generations import Generations
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server
from projections.search.port import SearchQuery
from streams.indexing import indexer
from tests.elastic import names_of_its_own
from tests.needed import address
from tests.proxy import ThreadedProxy
from tests.streams.indexing.shop import process, product
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
def proxy() -> Iterator[ThreadedProxy]:
    proxy = ThreadedProxy(address("elasticsearch"))
    yield proxy
    proxy.cut()


@pytest.fixture
def name(proxy: ThreadedProxy) -> Iterator[str]:
    with names_of_its_own(address("elasticsearch")) as name:
        yield name


def opened(proxy: ThreadedProxy, name: str) -> ElasticIndex:
    return ElasticIndex(Server(proxy.url, Breaker("elasticsearch", rest_s=0.2)), name, lease_ttl_s=2.0)


async def test_nothing_is_lost_while_the_server_is_away(tmp_path: Path, proxy: ThreadedProxy, name: str, monkeypatch):
    monkeypatch.setattr(indexer, "RETRY_S", 0.1)
    async with process(tmp_path, search=opened(proxy, name)) as shop:
        await shop.do(*(product(number) for number in range(5)))
        assert len(await shop.ids_found()) == 5
        proxy.cut()
        for number in range(5, 25):
            await shop.do(product(number), ChangeProduct(f"prd_{number - 5}", Description("wardrobe")))
        position = await shop.log.head()
        assert not await shop.indexer.wait_for(position, 3.0), "longer than the lease"
        proxy.mend()
        assert await shop.indexer.wait_for(position, 20)
        assert shop.search.search(SearchQuery()).total == 25
        assert shop.search.search(SearchQuery(text="wardrobe")).total == 20


async def test_a_server_that_comes_late_is_waited_for(tmp_path: Path, proxy: ThreadedProxy, name: str, monkeypatch):
    monkeypatch.setattr(indexer, "RETRY_S", 0.1)
    proxy.cut()
    async with process(tmp_path, writer=False, search=opened(proxy, name)) as shop:
        position = await shop.do(product(1))
        assert not await shop.indexer.wait_for(position, 0.5)
        proxy.mend()
        assert await shop.ids_found(position=position) == ["prd_1"]


@pytest.mark.parametrize("quiet", [False, True], ids=["busy", "quiet"])
async def test_an_index_that_is_deleted_is_built_anew(
    tmp_path: Path, proxy: ThreadedProxy, name: str, monkeypatch, quiet: bool
):
    monkeypatch.setattr(indexer, "RETRY_S", 0.1)
    monkeypatch.setattr(indexer, "LOOK_S", 0.1)
    async with process(tmp_path, search=opened(proxy, name)) as shop:
        await shop.do(*(product(number) for number in range(5)))
        await shop.ids_found()
        server = Server(proxy.url)
        server.write("DELETE", f"/{Generations(server, name).current().name}")
        server.close()
        if not quiet:
            await shop.do(product(5))
        await until(lambda: shop.search.search(SearchQuery()).total == (5 if quiet else 6))


async def test_an_index_ahead_of_its_log_is_replaced(tmp_path: Path, proxy: ThreadedProxy, name: str):
    """The log came back from a backup, or the index belongs to another one."""
    ahead = opened(proxy, name)
    assert ahead.try_writer()
    ahead.commit(1_000_000)
    ahead.close()
    async with process(tmp_path, search=opened(proxy, name)) as shop:
        assert await shop.ids_found(position=await shop.do(product(1))) == ["prd_1"]
        await until(lambda: shop.search.position() < 1_000_000)


async def test_another_process_takes_over(tmp_path: Path, proxy: ThreadedProxy, name: str):
    first, second = opened(proxy, name), opened(proxy, name)
    async with (
        process(tmp_path, search=first) as writer,
        process(tmp_path, "views-2.db", writer=False, search=second) as reader,
    ):
        assert await reader.ids_found(position=await writer.do(product(1))) == ["prd_1"]
        assert not reader.indexer.writing
        await writer.indexer.close()
        writer.search.close()
        await until(lambda: reader.indexer.writing)
        assert await reader.ids_found(position=await reader.do(product(2))) == ["prd_1", "prd_2"]
