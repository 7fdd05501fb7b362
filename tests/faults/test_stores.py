"""A store loses what it held, or refuses what it is given."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import redis.asyncio

from kontor.wiring.named import cassandra_settings, index_of
from projections.search.elastic.mapping import STATE_ID, VERSION
from tests.cassandra import empty
from tests.e2e.shopper import Shopper
from tests.faults.shop import Shop, metric

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]
NOTICED_S = 60.0


async def flush(shop: Shop) -> None:
    async with redis.asyncio.Redis.from_url(str(shop.settings.redis_url)) as client:
        await client.flushall()


async def test_redis_is_flushed_under_load(shop: Shop):
    async with shop.trading():
        await flush(shop)
        await shop.sells(5)
    await shop.audit()


async def test_redis_is_flushed_while_nothing_happens(shop: Shop):
    """Nobody need write anything for the pages to come back."""
    await flush(shop)
    await shop.views_are_right()
    await shop.audit()


async def test_cassandra_is_emptied_while_nothing_happens(shop: Shop):
    await asyncio.to_thread(empty, cassandra_settings(shop.settings))
    await shop.views_are_right()
    await shop.audit()


async def test_the_search_index_is_deleted_while_nothing_happens(shop: Shop):
    async with elastic() as server:
        await server.delete(f"/{await shown_index(server, shop)}")
    await shop.views_are_right()
    await shop.audit()


async def test_documents_that_elasticsearch_refuses_are_parked_and_the_rest_is_found(shop: Shop):
    """Somebody copied the index by hand, with another type of a field: prices fit no more, everything else does."""
    seller, work = shop.market.seller, shop.house.parts["work"]
    async with shop.trading(), elastic() as server:
        careless = await make_carelessly(server, await shown_index(server, shop))
        refused = await seller.sells(stock=1, price=1999)
        plain = await seller.describes("Nightstand without a price")
        await shop.until_metric(work, REFUSED, lambda number: number >= 1, NOTICED_S)
        await comes_up(shop, "nightstand without a price", seller.products[plain])
        await shop.sells(5)
        await server.delete(f"/{careless}")
        await comes_up(shop, "oak", seller.products[refused])
    await shop.audit()
    await shop.until_metric(work, REFUSED, lambda number: number == 0, NOTICED_S)


async def test_attributes_of_one_name_and_several_kinds_do_not_conflict(shop: Shop):
    seller = shop.market.seller
    values: list[Any] = [12, "12 kg", True, 12.5, "true"]
    skus = [await seller.describes(f"Scale {i}", attributes={"weight": value}) for i, value in enumerate(values)]
    await shop.views_are_right()
    assert await metric(shop.house.parts["work"], REFUSED) == 0
    assert {seller.products[sku] for sku in skus} <= set(await search(shop, "scale"))


# what an operator does there


REFUSED = 'kontor_parked_events{projection="search"}'


def elastic() -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=os.environ["KONTOR_ELASTICSEARCH_URL"], timeout=30)


async def search(shop: Shop, text: str) -> list[str]:
    """What a visitor finds; nothing while search is away."""
    answer = await Shopper(shop.house.http).send("GET", f"/api/products?q={quote(text)}&limit=100")
    return [item["productId"] for item in answer.json()["items"]] if answer.status_code == 200 else []


async def comes_up(shop: Shop, text: str, product_id: str) -> None:
    deadline = time.monotonic() + NOTICED_S
    while product_id not in await search(shop, text):
        assert time.monotonic() < deadline, f"{text!r} does not find {product_id}"
        await asyncio.sleep(0.2)


async def shown_index(server: httpx.AsyncClient, shop: Shop) -> str:
    [name] = (await server.get(f"/_alias/{index_of(shop.settings)}-v{VERSION}")).json()
    return str(name)


async def make_carelessly(server: httpx.AsyncClient, original: str) -> str:
    """A successor of an index that takes its name and place, without its documents and with other prices."""
    alias, _, number = original.rpartition("-")
    careless = f"{alias}-{int(number) + 1:06}"
    described = (await server.get(f"/{original}")).json()[original]
    mappings = described["mappings"]
    mappings["properties"]["price"] = {"type": "boolean"}
    settings = {name: described["settings"]["index"][name] for name in ("analysis", "refresh_interval")}
    body = {"mappings": mappings, "settings": settings, "aliases": {f"{careless}-write": {"is_hidden": True}}}
    await ask(server, "PUT", f"/{careless}", body)
    state = (await server.get(f"/{original}/_doc/{STATE_ID}")).json()["_source"]
    await ask(
        server, "PUT", f"/{careless}/_doc/{STATE_ID}?version={state['position']}&version_type=external_gte", state
    )
    actions: list[dict[str, Any]] = [
        {"remove_index": {"index": original}},
        {"add": {"index": careless, "alias": alias}},
    ]
    await ask(server, "POST", "/_aliases", {"actions": actions})
    return careless


async def ask(server: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    answer = await server.request(method, path, json=body)
    assert answer.is_success, answer.text
