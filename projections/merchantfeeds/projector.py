"""Merchants' feeds, for those who have them and for the worker that runs them."""

from __future__ import annotations

from domain.recorded import Recorded
from domain.sellers.feedstate import ShopFeeds, shop_of
from domain.sellers.merchantfeed import MERCHANT_FEEDS as FEEDS
from projections.projector import Index, Projection, Table, ViewRow

NEVER = 0


class ShopFeedsRow(ViewRow, frozen=True):
    feeds: ShopFeeds
    version: int


def fold(row: ShopFeedsRow | None, recorded: Recorded) -> ShopFeedsRow:
    return ShopFeedsRow(FEEDS.evolve(row.feeds if row else FEEDS.initial, recorded.event), recorded.version)  # type: ignore[arg-type]  # of this aggregate


def scheduled(key: str, row: ShopFeedsRow) -> str | None:
    """All shops of which something is to be done, in one list."""
    return "" if next_at(row.feeds) else None


def next_at(feeds: ShopFeeds) -> int:
    """When the first of a shop's feeds is to be looked at (ms): to be run, or to be taken from a worker whose time is
    up. 0 for never."""
    instants = [feed.running.until if feed.running is not None else feed.due_at() for feed in feeds.feeds.values()]
    return min((instant for instant in instants if instant), default=NEVER)


SHOP_FEEDS = Table(
    name="shop_feeds",
    row=ShopFeedsRow,
    folds=dict.fromkeys(FEEDS.evolutions, fold),
    keys=lambda recorded: (shop_of(recorded.stream),),
    of_one_stream=True,
    indexes={"due": Index(scheduled, lambda key, row: next_at(row.feeds))},
)
MERCHANT_FEEDS = Projection("merchantfeeds", 2, (SHOP_FEEDS,))
