"""One run of a feed, cut off and gone on with, whatever its owner changes meanwhile."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from commands.errors import StorageUnavailable
from domain.decider import Event
from domain.sellers.feedstate import Feed
from domain.sellers.feedterms import DONE, SAME, FeedTerms
from domain.sellers.merchantfeed import MERCHANT_FEEDS, FeedPut, RunBegun, RunFinished
from streams.merchantfeeds import run as module
from streams.merchantfeeds.rows import Line, Loaded
from streams.merchantfeeds.run import FeedFiles, FeedRun, Result
from streams.merchantfeeds.sources import Rules, Sources

SHOP = "shp_a"
TERMS = FeedTerms("stock", "file:stock")
COMPLETE = replace(TERMS, complete=True)


class Shelf:
    """Takes rows, unless the log is away."""

    def __init__(self) -> None:
        self.withdrawn: list[str] = []
        self.away_at = ""
        """A SKU that cannot be taken now."""

    async def load(self, what: str, lines: Sequence[Line], shop_id: str) -> Loaded:
        if self.away_at in [line.data["sku"] for line in lines]:
            raise StorageUnavailable("gone")
        return Loaded([], len(lines))

    async def withdraw(self, what: str, skus: Sequence[str], shop_id: str) -> int:
        self.withdrawn += skus
        return len(skus)


class Merchant:
    """A shop with one feed, and what is on record of it."""

    def __init__(self, folder: Path) -> None:
        self.shelf = Shelf()
        self._folder = folder
        self._events: list[Event] = []
        (folder / SHOP).mkdir()

    def tells(self, *events: Event) -> None:
        self._events += events

    def lists(self, *skus: str) -> None:
        rows = [json.dumps({"sku": sku, "quantity": 1}) + "\n" for sku in skus]
        (self._folder / SHOP / "stock").write_text("".join(rows))

    async def runs(self, run_id: str) -> Result:
        """Begins or goes on, to its end. Raises StorageUnavailable."""
        self.tells(RunBegun("stock", run_id, "worker", 1, 2))
        feed: Feed = MERCHANT_FEEDS.fold(self._events).feeds["stock"]
        sources = Sources(Rules(folder=self._folder))
        files = FeedFiles(self._folder, SHOP, "stock")
        result = await FeedRun(files, feed, SHOP, "USD", sources, self.shelf, lambda: True).perform()
        self.tells(RunFinished("stock", run_id, 3, result.outcome, result.reason, result.counts, 0, result.mark))
        return result


@pytest.fixture
def merchant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Merchant:
    monkeypatch.setattr(module, "BATCH", 1)
    merchant = Merchant(tmp_path)
    merchant.tells(FeedPut("stock", TERMS, 0))
    return merchant


async def cut_off_and_changed(merchant: Merchant) -> None:
    """A run that has read unchanged rows, and whose feed has become a complete one since."""
    merchant.lists("A", "B", "C")
    await merchant.runs("run_1")
    merchant.lists("A", "B", "D")
    merchant.shelf.away_at = "D"
    with pytest.raises(StorageUnavailable):
        await merchant.runs("run_2")
    merchant.shelf.away_at = ""
    merchant.tells(FeedPut("stock", COMPLETE, 2))


async def test_a_run_that_is_gone_on_with_withdraws_nothing_that_it_has_read(merchant: Merchant) -> None:
    await cut_off_and_changed(merchant)
    result = await merchant.runs("run_2")
    assert (result.outcome, result.counts.read, result.counts.withdrawn) == (DONE, 3, 0)
    assert merchant.shelf.withdrawn == []


async def test_what_changed_during_a_run_is_done_by_the_next_though_the_source_is_as_before(merchant: Merchant) -> None:
    await cut_off_and_changed(merchant)
    await merchant.runs("run_2")
    assert (await merchant.runs("run_3")).outcome == DONE
    assert merchant.shelf.withdrawn == ["C"]
    assert (await merchant.runs("run_4")).outcome == SAME
