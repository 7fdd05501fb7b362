"""The worker of merchants' feeds, while something in the log is damaged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from commands.context import system_context
from commands.engine import Engine
from commands.mapper import recorded
from commands.store.memory import MemoryLog
from domain.sellers.feedstate import Run, feeds_id
from domain.sellers.feedterms import DONE, FAILED, FeedTerms
from domain.sellers.merchantfeed import PutFeed
from domain.sellers.shop import OpenShop
from projections.merchantfeeds.projector import MERCHANT_FEEDS
from projections.sqlite import SQLiteViews
from streams.merchantfeeds.process import FeedProcess, Pacing
from streams.merchantfeeds.rows import Line, Loaded
from streams.merchantfeeds.sources import Rules
from streams.objects.folder import FolderObjects
from tests.damage import damage

NOW = 1_700_000_000_000
FIRST, SECOND = "shp_1", "shp_2"


class Taking:
    async def load(self, what: str, lines: Sequence[Line], shop_id: str) -> Loaded:
        return Loaded([], len(lines))

    async def withdraw(self, what: str, skus: Sequence[str], shop_id: str) -> int:
        return len(skus)


class Worker:
    """On a log of two shops, each with a feed that is due; the first one's before."""

    def __init__(self, log: MemoryLog, folder: Path) -> None:
        self.engine = Engine(log, clock=lambda: NOW)
        self.views = SQLiteViews(folder / "views.db", [MERCHANT_FEEDS])
        objects, rules = FolderObjects(folder / "objects", b"secret"), Rules(folder=folder)
        self.process = FeedProcess(
            self.engine, self.views, Taking(), objects, folder / "feeds", rules, Pacing(idle=0.02)
        )

    async def runs(self, shop_id: str) -> list[Run]:
        return list((await self.engine.state(feeds_id(shop_id))).feeds["stock"].runs)


@pytest.fixture
async def worker(log: MemoryLog, tmp_path: Path) -> AsyncIterator[Worker]:
    worker = Worker(log, tmp_path)
    setting_up = Engine(log, clock=lambda: NOW)
    await setting_up.start()
    for number, shop_id in enumerate((FIRST, SECOND)):
        (tmp_path / shop_id).mkdir()
        (tmp_path / shop_id / "stock").write_text('{"sku": "A", "quantity": 1}\n')
        at = NOW - 1_000 + number
        put = PutFeed(feeds_id(shop_id), "stock", FeedTerms("stock", "file:stock", every=60), at)
        for command in (OpenShop(shop_id, "usr_1", "Nordwald", "US", "USD"), put):
            await setting_up.submit(command, system_context("test", at))
    await setting_up.close()
    worker.views.apply(["merchantfeeds"], [recorded(row) for row in log.rows])
    await worker.engine.start()
    yield worker
    await worker.process.close()
    await worker.engine.close()
    worker.views.close()


async def ends(worker: Worker, shop_id: str) -> Run:
    """The shop's first run, once it has."""
    await worker.process.start()
    async with asyncio.timeout(5):
        while not (runs := await worker.runs(shop_id)):  # noqa: ASYNC110  # it is polled
            await asyncio.sleep(0.01)
    return runs[0]


async def test_feeds_that_cannot_be_looked_at_keep_no_others_from_running(worker: Worker, log: MemoryLog) -> None:
    damage(log, feeds_id(FIRST))
    assert (await ends(worker, SECOND)).outcome == DONE


async def test_a_run_for_a_shop_that_cannot_be_read_fails_instead_of_beginning_for_ever(
    worker: Worker, log: MemoryLog
) -> None:
    damage(log, FIRST)
    run = await ends(worker, FIRST)
    assert (run.outcome, "damaged" in run.reason) == (FAILED, True)
