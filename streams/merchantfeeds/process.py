"""The feed process: begins runs when they are due, sees them through, and takes over those whose worker vanished."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from commands.context import system_context
from commands.engine import Engine
from commands.errors import UnreadableStream, WritePathError
from commands.outage import Outage
from commands.pausing import pause
from domain.errors import DomainError, NotFound
from domain.ids import new_id
from domain.recorded import Recorded
from domain.sellers.feedstate import RUNS_MAX, Feed, feeds_id
from domain.sellers.feedterms import FAILED
from domain.sellers.merchantfeed import BeginRun, FinishRun, RenewRun
from domain.sellers.shop import OpenedShop, require_open
from projections.merchantfeeds.projector import SHOP_FEEDS, next_at
from projections.views import Touched, Views, ViewsUnavailable
from streams.merchantfeeds.rejected import BYTES_MAX, key_of
from streams.merchantfeeds.rows import Loader
from streams.merchantfeeds.run import FeedFiles, FeedRun, Result, RunLost
from streams.merchantfeeds.sources import Rules, Sources
from streams.objects.port import Objects, ObjectsUnavailable

SHOPS_LOOKED_AT = 100

log = structlog.get_logger("feeds")


@dataclass(frozen=True, slots=True)
class Pacing:
    """Times in seconds."""

    idle: float = 5.0
    """How often one looks although nothing was heard of."""
    claim: float = 60.0
    """Renewed when a third of it is over."""
    at_once: int = 16
    """Runs of this process; most of them wait for what their source sends."""
    of_a_shop: int = 2
    """Of those, so that a merchant with slow sources leaves room for others."""
    read_at_once: int = 2
    """Of those that have their copy: reading it is work for this process and the log."""


class FeedProcess:
    def __init__(
        self,
        engine: Engine,
        views: Views,
        loader: Loader,
        objects: Objects,
        folder: Path,
        rules: Rules,
        pacing: Pacing | None = None,
    ) -> None:
        """``views`` have SHOP_FEEDS; ``folder`` is for what runs need on the disk."""
        self._engine = engine
        self._views = views
        self._loader = loader
        self._objects = objects
        self._folder = folder
        self._sources = Sources(rules)
        self._pacing = pacing or Pacing()
        self._worker = secrets.token_hex(8)
        self._reading = asyncio.Semaphore(self._pacing.read_at_once)
        self._runs: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self.due = 0
        """Runs that should have begun, when one last looked."""
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._unreadable: set[str] = set()
        """Shops whose feeds cannot be looked at, of which has been told."""
        self._outage = Outage(log, "feeds_wait", "feeds_go_on")

    async def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="feeds")

    async def close(self) -> None:
        """Runs are left where they are, for whoever comes next."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        for task in self._runs.values():
            task.cancel()
        await asyncio.gather(*self._runs.values(), return_exceptions=True)
        await self._sources.close()

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """The follower's listener."""
        if SHOP_FEEDS.name in touched:
            self._wake.set()

    # when

    async def _work(self) -> None:
        while not self._closing:
            self._wake.clear()
            rest = self._pacing.idle
            try:
                rest = await self._look()
                self._outage.ended()
            except (WritePathError, ViewsUnavailable) as error:
                self._outage.met(error)
            except Exception:
                log.exception("feeds_not_looked_at")
            await pause(self._wake, rest)

    async def _look(self) -> float:
        """Begins what is due; seconds until something will be."""
        now, rest = self._engine.clock(), self._pacing.idle
        due: list[tuple[str, str]] = []
        for shop_id, row in await self._views.listed(SHOP_FEEDS.name, "due", "", limit=SHOPS_LOOKED_AT):
            wait = (next_at(row.feeds) - now) / 1000
            if wait > 0:
                rest = min(wait, rest)
                break
            due += [(shop_id, name) for name, feed in row.feeds.feeds.items() if _may_begin(feed, now)]
        for shop_id, name in due:
            if len(self._runs) >= self._pacing.at_once:
                rest = self._pacing.idle  # the end of a run wakes it
                break
            if sum(one == shop_id for one, _ in self._runs) < self._pacing.of_a_shop:
                await self._begin_if_readable(shop_id, name)
        self.due = sum(run not in self._runs for run in due)
        return rest

    async def _begin_if_readable(self, shop_id: str, name: str) -> None:
        try:
            await self._begin(shop_id, name)
        except UnreadableStream as error:  # others' feeds run all the same
            if shop_id not in self._unreadable:
                self._unreadable.add(shop_id)
                log.error("feeds_unreadable", shop=shop_id, reason=str(error))

    async def _begin(self, shop_id: str, name: str) -> None:
        """Unless another was quicker."""
        if (shop_id, name) in self._runs:
            return
        now = self._engine.clock()
        stream, run_id = feeds_id(shop_id), new_id("feed_run", now, secrets.token_bytes(10))
        command = BeginRun(stream, name, run_id, self._worker, now, self._until(now))
        outcome = await self._engine.submit(command, system_context("feeds", now))
        if outcome.events:
            feed: Feed = outcome.state.feeds[name]
            task = asyncio.create_task(self._see_through(shop_id, name, feed), name=f"feed {shop_id} {name}")
            self._runs[shop_id, name] = task
            task.add_done_callback(lambda done: self._ended(shop_id, name))

    def _ended(self, shop_id: str, name: str) -> None:
        del self._runs[shop_id, name]
        self._wake.set()

    def _until(self, now: int) -> int:
        return now + int(self._pacing.claim * 1000)

    # one run

    async def _see_through(self, shop_id: str, name: str, feed: Feed) -> None:
        run = _Held(self._engine, feeds_id(shop_id), name, feed, self._worker, self._pacing.claim)
        work = asyncio.create_task(self._perform(run, shop_id, name, feed))
        keeping = asyncio.create_task(run.keep())
        try:
            await asyncio.wait([work, keeping], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await self._finish(run, shop_id, name, feed, work.result())
        except RunLost:
            log.warning("feed_run_lost", shop=shop_id, feed=name, run=run.run_id)
        except WritePathError as error:
            self._outage.met(error)  # whoever begins it when its time is up goes on with it
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await run.let_go()
        finally:
            for task in (work, keeping):
                task.cancel()
            await asyncio.gather(work, keeping, return_exceptions=True)

    async def _perform(self, run: _Held, shop_id: str, name: str, feed: Feed) -> Result:
        """Raises RunLost, WritePathError."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True, mode=0o700)
        try:
            shop: OpenedShop = require_open(await self._engine.state(shop_id))
            files = FeedFiles(self._folder, shop_id, name)
            reading = FeedRun(files, feed, shop_id, shop.currency, self._sources, self._loader, run.held, self._reading)
            return await reading.perform()
        except NotFound:
            return Result(FAILED, "there is no such shop")
        except UnreadableStream as error:
            log.error("feed_run_broke", shop=shop_id, feed=name, reason=str(error))
            return Result(FAILED, "what the marketplace has stored of this shop is damaged; its operator has to look")
        except (OSError, sqlite3.Error) as error:
            log.error("feed_run_broke", shop=shop_id, feed=name, error=type(error).__name__)
            return Result(FAILED, "the marketplace could not keep its copy; it tries again at the next run")
        except (RunLost, WritePathError):
            raise
        except Exception as error:
            log.exception("feed_run_broke", shop=shop_id, feed=name)
            return Result(FAILED, f"an error of the marketplace: {type(error).__name__}")

    async def _finish(self, run: _Held, shop_id: str, name: str, feed: Feed, result: Result) -> None:
        """Raises WritePathError."""
        files = FeedFiles(self._folder, shop_id, name)
        kept = result.kept
        if kept:
            try:
                body = await asyncio.to_thread(files.rejected.read_bytes)
                await self._objects.put(key_of(shop_id, name, run.run_id), body[:BYTES_MAX], "application/x-ndjson")
            except (OSError, ObjectsUnavailable) as error:
                log.error("rejected_rows_not_kept", shop=shop_id, feed=name, run=run.run_id, error=str(error))
                kept = 0
        await run.finish(result._replace(kept=kept))
        await asyncio.to_thread(files.clear)
        for old in feed.runs[: max(0, len(feed.runs) + 1 - RUNS_MAX)]:
            with contextlib.suppress(ObjectsUnavailable):
                await self._objects.delete(key_of(shop_id, name, old.run_id))
        counts = result.counts
        log.info(
            "feed_run",
            shop=shop_id,
            feed=name,
            run=run.run_id,
            outcome=result.outcome,
            read=counts.read,
            changed=counts.changed,
            rejected=counts.rejected,
        )


class _Held:
    """A run that this worker has, for as long as it says so in time."""

    def __init__(self, engine: Engine, stream: str, name: str, feed: Feed, worker: str, claim: float) -> None:
        assert feed.running is not None
        self.run_id = feed.running.run_id
        self._until = feed.running.until
        self._engine = engine
        self._stream = stream
        self._name = name
        self._worker = worker
        self._claim = claim

    def held(self) -> bool:
        return self._engine.clock() < self._until

    async def keep(self) -> None:
        """Returns when it is somebody else's, or nobody's any more."""
        while True:
            await asyncio.sleep(self._claim / 3)
            try:
                await self._renew(self._engine.clock() + int(self._claim * 1000))
            except DomainError:
                self._until = 0
                return
            except WritePathError:
                continue  # until its time is up

    async def let_go(self) -> None:
        with contextlib.suppress(DomainError, WritePathError):
            await self._renew(self._engine.clock())

    async def finish(self, result: Result) -> None:
        at = self._engine.clock()
        told = (result.outcome, result.reason[:500], result.counts, result.kept, result.mark)
        await self._submit(FinishRun(self._stream, self._name, self.run_id, self._worker, at, *told))

    async def _renew(self, until: int) -> None:
        await self._submit(RenewRun(self._stream, self._name, self.run_id, self._worker, until))
        self._until = until

    async def _submit(self, command: Any) -> None:
        await self._engine.submit(command, system_context("feeds", self._engine.clock()))


def _may_begin(feed: Feed, now: int) -> bool:
    if feed.running is not None:
        return feed.running.until <= now
    return 0 < feed.due_at() <= now
