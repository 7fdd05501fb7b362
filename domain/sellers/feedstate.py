"""What is known of a shop's feeds: their terms, when they are due, who is at them, how the last runs ended."""

from __future__ import annotations

from domain.decider import State
from domain.errors import NotFound
from domain.sellers.feedterms import FeedTerms, RunCounts, SourceMark

RUNS_MAX = 30
"""Of each feed, the newest are remembered; the log has all."""
DAY_MS = 86_400_000


class Running(State, frozen=True):
    run_id: str
    worker: str
    begun_at: int
    until: int
    terms: FeedTerms
    """Those that the feed had when the run began; whoever goes on with it goes by them."""
    anew: bool = False


class Run(State, frozen=True):
    run_id: str
    begun_at: int
    finished_at: int
    outcome: str
    reason: str
    counts: RunCounts
    kept: int


class Asked(State, frozen=True):
    run_id: str
    at: int
    anew: bool


class Feed(State, frozen=True):
    terms: FeedTerms
    created_at: int
    updated_at: int
    version: int = 1
    paused: bool = False
    asked: Asked | None = None
    running: Running | None = None
    runs: tuple[Run, ...] = ()
    """The newest last."""
    begun_at: int = 0
    """The last run; 0 before the first."""
    mark: SourceMark = SourceMark()

    def due_at(self) -> int:
        """When the next run is to begin, unless one is under way (ms); 0 for never."""
        if self.asked is not None:
            return self.asked.at
        if self.paused:
            return 0
        if self.terms.every:
            return self.begun_at + self.terms.every * 60_000 if self.begun_at else self.updated_at
        if self.terms.daily_at < 0:
            return 0
        since = max(self.begun_at, self.updated_at)
        today = since - since % DAY_MS + self.terms.daily_at * 60_000
        return today if today > since else today + DAY_MS


class ShopFeeds(State, frozen=True):
    feeds: dict[str, Feed] = {}


def feeds_id(shop_id: str) -> str:
    return "mfd_" + shop_id.removeprefix("shp_")


def shop_of(stream: str) -> str:
    return "shp_" + stream.removeprefix("mfd_")


def feed_of(state: ShopFeeds, name: str) -> Feed:
    """Raises NotFound."""
    feed = state.feeds.get(name)
    if feed is None:
        raise NotFound("this shop has no such feed")
    return feed
