"""Caches in a process that reads, kept true by what workers publish: on a real Redis."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
import redis

from domain.sellers.offer import OfferWithdrawn
from domain.sellers.shop import ShopRenamed
from tests.streams.market import PARTITIONS, Market, prices
from tests.waiting import until

pytestmark = pytest.mark.stack
PRODUCTS = 6


@pytest.fixture
async def market(redis_url: str, redis_prefix: str) -> AsyncIterator[Market]:
    async with Market(redis_url, redis_prefix) as opened:
        opened.shop("shp_1", "One")
        for number in range(PRODUCTS):
            opened.product(f"prd_{number}")
            opened.offer("shp_1", f"s{number}", f"prd_{number}", 1)
        yield opened


async def keep_hot(market: Market) -> None:
    """Readers without a token: pages are made and cached all the time, at every moment of a write."""
    while True:
        await market.pages.page(f"prd_{random.randrange(PRODUCTS)}")
        await market.pages.cards([f"prd_{number}" for number in range(PRODUCTS)])
        await asyncio.sleep(0)


async def keep_writing(market: Market, shop_id: str) -> None:
    market.shop(shop_id, shop_id)
    while True:
        number = random.randrange(PRODUCTS)
        market.offer(shop_id, f"{shop_id}{number}", f"prd_{number}", random.randrange(1_000))
        await asyncio.sleep(random.random() * 0.004)


def break_subscription(market: Market, redis_url: str) -> None:
    """Of this market alone: others may be at it on the same server."""
    with redis.Redis.from_url(redis_url) as other:
        for address in market.subscribed_from():
            other.client_kill_filter(addr=address, skipme=False)


async def test_writes_are_read_with_their_tokens_under_concurrent_writers(market: Market):
    for _ in range(3):
        market.spawn(keep_hot(market))
    for shop_id in ("shp_a", "shp_b"):
        market.spawn(keep_writing(market, shop_id))
    kept = 0
    for cents in range(2, 202):
        number = random.randrange(PRODUCTS)
        token = market.offer("shp_1", f"s{number}", f"prd_{number}", cents)
        page = await market.read_from(token, f"prd_{number}")
        assert prices(page)[f"s{number}"] == cents
        kept = max(kept, len(market.pages))
    assert kept > 0, "pages were cached meanwhile, or nothing was shown"


async def test_what_a_page_shows_besides_its_product(market: Market):
    """A new offer, one that moves to another product, one that goes, a shop that takes another name."""
    await market.read_from(market.shop("shp_2", "Two"), "prd_0")
    page = await market.read_from(market.offer("shp_2", "new", "prd_0", 7), "prd_0")
    assert prices(page) == {"s0": 1, "new": 7}
    await market.read_from(len(market.log.events), "prd_1")
    token = market.offer("shp_2", "new", "prd_1", 8)
    assert prices(await market.read_from(token, "prd_0")) == {"s0": 1}
    assert prices(await market.read_from(token, "prd_1")) == {"s1": 1, "new": 8}
    page = await market.read_from(market.log.append("shp_2", ShopRenamed("Zwei")), "prd_1")
    assert {offer["shopName"] for offer in page["offers"]} == {"One", "Zwei"}
    page = await market.read_from(market.log.append("off_shp_2.new", OfferWithdrawn()), "prd_1")
    assert prices(page) == {"s1": 1}


async def test_the_tree_of_categories_hears_of_it(market: Market):
    await market.noticing.wait_for(len(market.log.events), 10)
    assert (await market.categories.tree(fresh=True)).counts == {("things",): PRODUCTS}
    assert await market.noticing.wait_for(market.product("prd_more"), 10)
    assert (await market.categories.tree(fresh=True)).counts == {("things",): PRODUCTS + 1}


async def test_a_broken_subscription_drops_what_is_cached_and_is_made_again(market: Market, redis_url: str):
    await market.read_from(len(market.log.events), "prd_0")
    assert len(market.pages) == 1
    break_subscription(market, redis_url)
    await until(lambda: len(market.pages) == 0)
    token = market.offer("shp_1", "s0", "prd_0", 99)
    assert prices(await market.read_from(token, "prd_0")) == {"s0": 99}


async def test_writes_are_read_with_their_tokens_while_subscriptions_break(market: Market, redis_url: str):
    market.spawn(keep_hot(market))
    for cents in range(2, 32):
        if cents % 3 == 0:
            break_subscription(market, redis_url)
        token = market.offer("shp_1", "s0", "prd_0", cents)
        assert prices(await market.read_from(token, "prd_0")) == {"s0": cents}


async def test_a_flush_takes_the_position_back_and_everything_comes_again(
    market: Market, redis_url: str, redis_prefix: str
):
    before = await market.read_from(len(market.log.events), "prd_0")
    with redis.Redis.from_url(redis_url) as other:
        other.delete(*other.keys(f"{redis_prefix}*"))
    await until(lambda: market.noticing.position == 0)
    assert len(market.pages) == 0
    # A worker notices when it next has something to write.
    for number in range(10 * PARTITIONS):
        market.offer("shp_1", f"x{number}", "prd_1", 1)
    assert await market.read_from(len(market.log.events), "prd_0") == before
