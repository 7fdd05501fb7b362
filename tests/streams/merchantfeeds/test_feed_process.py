"""The worker of merchants' feeds: while something in the log is damaged, and while sources are slow."""

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
from domain.sellers.feedterms import DONE, FAILED, FeedTerms, SourceMark
from domain.sellers.merchantfeed import PutFeed
from domain.sellers.shop import OpenShop
from projections.merchantfeeds.projector import MERCHANT_FEEDS
from projections.sqlite import SQLiteViews
from streams.merchantfeeds.process import FeedProcess, Pacing
from streams.merchantfeeds.rows import Line, Loaded
from streams.merchantfeeds.sources import Fetched, Rules, Sources
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
    """The shop's first run, once the worker has begun and it has ended."""
    await worker.process.start()
    return await ended(worker, shop_id)


async def ended(worker: Worker, shop_id: str) -> Run:
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


async def puts(worker: Worker, log: MemoryLog, shop_id: str, *names: str) -> None:
    """More feeds of a shop, due before all others."""
    known, at = len(log.rows), NOW - 2_000
    for name in names:
        put = PutFeed(feeds_id(shop_id), name, FeedTerms("stock", "file:stock", every=60), at)
        await worker.engine.submit(put, system_context("test", at))
    worker.views.apply(["merchantfeeds"], [recorded(row) for row in log.rows[known:]])


async def test_slow_sources_of_one_shop_keep_no_others_waiting(
    worker: Worker, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    all_asked = asyncio.Event()

    async def slowly(self: Sources, source: str, shop_id: str, spool: Path, known: SourceMark) -> Fetched | None:
        if shop_id == FIRST:
            asked.append(source)
            if len(asked) == Pacing().of_a_shop:
                all_asked.set()
            await asyncio.Event().wait()
        await all_asked.wait()
        return await fetch(self, source, shop_id, spool, known)

    fetch = Sources.fetch
    monkeypatch.setattr(Sources, "fetch", slowly)
    await puts(worker, log, FIRST, "a", "b", "c")
    assert (await ends(worker, SECOND)).outcome == DONE
    assert len(asked) == Pacing().of_a_shop


async def test_only_so_many_copies_are_read_at_once(
    worker: Worker, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work: list[str] = []
    most = 0

    async def load(self: Taking, what: str, lines: Sequence[Line], shop_id: str) -> Loaded:
        nonlocal most
        at_work.append(shop_id)
        most = max(most, len(at_work))
        await asyncio.sleep(0.05)
        at_work.remove(shop_id)
        return Loaded([], len(lines))

    monkeypatch.setattr(Taking, "load", load)
    await puts(worker, log, FIRST, "a")
    for run in (await ends(worker, FIRST), await ended(worker, SECOND)):
        assert run.outcome == DONE
    assert most == Pacing().read_at_once
