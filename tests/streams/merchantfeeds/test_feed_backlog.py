"""Runs of feeds that should have begun are counted while nobody has time for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from domain.sellers.feedstate import Feed, Running, ShopFeeds
from domain.sellers.feedterms import FeedTerms
from streams.merchantfeeds.process import FeedProcess, Pacing
from streams.merchantfeeds.sources import Rules
from tests.waiting import until

NOW = 1_000_000_000
HOURLY = FeedTerms("offers", "https://shop.example/offers", every=60)
LEFT = Running("run_1", "gone", NOW - 9_000_000, NOW - 1, HOURLY)


def feed(began_ago_ms: int, **more: Any) -> Feed:
    return Feed(HOURLY, 1, 1, begun_at=NOW - began_ago_ms, **more)


class Views:
    """Of shops with feeds, the first that is due first."""

    rows = (
        ("shp_1", ShopFeeds({"late": feed(7_200_000), "later": feed(60_000)})),
        (
            "shp_2",
            ShopFeeds({"left": feed(9_000_000, running=LEFT)}),
        ),
        ("shp_3", ShopFeeds({"soon": feed(3_599_000)})),
    )

    async def listed(self, *named: str, limit: int) -> list[tuple[str, Any]]:
        return [(shop_id, SimpleNamespace(feeds=feeds)) for shop_id, feeds in self.rows]


async def test_what_is_due_and_not_begun_waits():
    engine: Any = SimpleNamespace(clock=lambda: NOW)
    nothing = cast("Any", None)
    feeds = FeedProcess(engine, cast("Any", Views()), nothing, nothing, nothing, Rules(), Pacing(at_once=0))
    await feeds.start()
    await until(lambda: feeds.due == 2)
    await feeds.close()
