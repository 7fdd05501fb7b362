"""The follower: keeps the views of this process's data folder up with the log.

Events committed by this process arrive by hand, those of others by polling. Each batch is folded and written with
its position in one transaction; then readers that wait for a position go on, and whoever caches rows hears which of
them changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import count

import structlog

from commands.engine import Engine
from commands.errors import StorageUnavailable
from commands.logs.merged import placed
from commands.mapper import recorded_or_unreadable
from commands.outage import Outage
from commands.store.port import EventLog
from domain.recorded import Recorded
from projections.sqlite import SQLiteViews, group_by_position
from projections.sqlitetable import Busy
from projections.views import Touched

PAGE = 2_000
APPLY_MAX = 400
"""Events per transaction while live: the event loop stands still for that long (about 10 ms)."""
REST_S = 0.25
PACE = 5
"""A pause between transactions is so many times as long as the last one took, unless somebody waits for one: what
arrives meanwhile shares the next. Folding thus takes a small part of the event loop when much is sold, and is soon done
when little is: whoever reads without a position, as simple clients do, should not miss what he has just written."""
PAUSE_MAX_S = 0.05
PUBLISHED_IN_S = 0.004
"""How soon after a commit this process has usually heard of it from its own engine."""
BACKLOG_MAX = 20_000
"""Events published and not yet folded that are kept in memory."""
BUSY_S = 0.003
RETRY_S = 1.0

log = structlog.get_logger("follower")
Applied = Callable[[Sequence[Recorded], Touched], None]
"""Called after a batch: its events, and the keys of the rows they concern; also when another process folded them."""


class Follower:
    away = False
    """Its views lie in this process's own folder."""

    def __init__(
        self,
        event_log: EventLog,
        views: SQLiteViews,
        engine: Engine | None = None,
        *,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``timer`` gives seconds from any origin."""
        self.applied: list[Applied] = []
        self.exchanged: list[Callable[[], None]] = []
        """Called when a view was replaced by another that may have other rows."""
        self.position = 0
        self._log = event_log
        self._views = views
        self._engine = engine
        self._timer = timer
        self._arrived: deque[Sequence[Recorded]] = deque()
        self._wake = asyncio.Event()
        self._asked = asyncio.Event()
        """Somebody has begun to wait."""
        self._waiters: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._outage = Outage(log, "log_not_followed", "log_followed")

    async def start(self) -> None:
        """Brings every projection to the same position, then follows."""
        if max(self._views.positions().values()) > await self._log.head():
            log.warning("views_of_another_log", action="folding them anew")  # an older backup of the log, perhaps
            self._views.reset()
        await self.catch_up()
        if self._engine is not None:
            self._engine.listeners.append(self.publish)
        self._task = asyncio.create_task(self._follow(), name="follower")

    async def close(self) -> None:
        self._closing = True
        self._wake.set()
        self._asked.set()
        if self._task is not None:
            await self._task

    def publish(self, events: Sequence[Recorded]) -> None:
        """Events that this process just committed. Whoever is far behind reads them from the log instead: memory is for
        what is about to be folded."""
        if events[-1].position - self.position > BACKLOG_MAX:
            self._arrived.clear()
        self._arrived.append(events)
        self._wake.set()

    async def wait_for(self, position: int, timeout: float) -> bool:
        """Whether the views have reached ``position`` within ``timeout`` seconds."""
        position, timeout = await placed(self._log, position, timeout)
        if position <= self.position:
            return True
        future = asyncio.get_running_loop().create_future()
        heappush(self._waiters, (position, next(self._order), future))
        self._wake.set()
        self._asked.set()
        try:
            async with asyncio.timeout(timeout):
                await future
        except TimeoutError:
            return False
        return True

    async def catch_up(self) -> None:
        """Feeds projections that lag (a new version, a crash) until all stand at the log's head."""
        while True:
            groups = group_by_position(self._views.positions())
            positions = list(groups)
            self.position = positions[0]
            stop = positions[1] if len(positions) > 1 else await self._log.head()
            if self.position >= stop and len(positions) == 1:
                return
            events = await self._read(self.position, min(PAGE, stop - self.position))
            if not events:
                return
            await self._apply(groups[self.position], events)

    async def _follow(self) -> None:
        names = list(self._views.projections)
        while not (self._closing and not self._arrived):
            self._wake.clear()
            try:
                events = self._take() or await self._fetch()
                self._outage.ended()
                self._heed_exchange()
                if events:
                    self._asked.clear()
                    began = self._timer()
                    await self._apply(names, events)
                    rest = min(PACE * (self._timer() - began), PAUSE_MAX_S)
                    await self._pause(0 if self._waiters or len(events) >= APPLY_MAX else rest)
                    continue
            except Exception as error:
                self._failed(error)
                if self._closing:
                    return
                await asyncio.sleep(RETRY_S)  # what was taken comes again, from the log
                continue
            await self._rest()

    async def _rest(self) -> None:
        """Until something is published here or lies in the log; not for long, for a view may have been exchanged."""
        watch = asyncio.create_task(self._log.changed(self.position, REST_S))
        watch.add_done_callback(lambda done: self._wake.set())
        await self._wake.wait()
        watch.cancel()
        # What it failed with, the next look at the log meets as well.
        await asyncio.gather(watch, return_exceptions=True)

    async def _pause(self, seconds: float) -> None:
        """Until somebody waits, at the longest."""
        if seconds <= 0 or self._closing:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._asked.wait()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, StorageUnavailable):
            self._outage.met(error, position=self.position)
        else:
            log.exception("following_failed", position=self.position)

    def _take(self) -> list[Recorded]:
        """What was published, as long as it goes on from here without a gap."""
        taken: list[Recorded] = []
        at = self.position
        while self._arrived and len(taken) < APPLY_MAX:
            events = self._arrived.popleft()
            if events[-1].position <= at:
                continue  # read from the log already
            known = at + 1 - events[0].position
            if known < 0:
                self._arrived.appendleft(events)
                break
            end = known + APPLY_MAX - len(taken)
            taken += events[known:end]
            at = taken[-1].position
            if end < len(events):
                self._arrived.appendleft(events[end:])
        return taken

    async def _fetch(self) -> list[Recorded]:
        """What was not published: events of other processes, from the log."""
        if await self._log.head() <= self.position:
            return []
        if self._engine is not None and not self._arrived:
            # Mostly our own engine, which is about to publish: spares reading and decoding all of it once more.
            await asyncio.sleep(PUBLISHED_IN_S)
            if events := self._take():
                return events
        return await self._read(self.position, APPLY_MAX)

    async def _read(self, after: int, limit: int) -> list[Recorded]:
        rows = await self._log.read(after, limit)
        if rows and self._engine is not None:
            self._engine.absorb(rows)
        return [recorded_or_unreadable(row) for row in rows]

    async def _apply(self, names: Sequence[str], events: Sequence[Recorded]) -> None:
        while True:
            try:
                touched = self._views.apply(names, events)
                break
            except Busy:
                await asyncio.sleep(BUSY_S)
        if touched is None and self._sent_back(names, events[0].position):
            await self.catch_up()
            return
        if touched is None:
            # Somebody else folded some of these. Those it has not reached yet come again; so do those beyond our last
            # that it folded too, for whoever listens here has not heard of them.
            self.position = min(*(self._views.positions()[name] for name in names), events[-1].position)
            events = [event for event in events if event.position <= self.position]
            touched = self._views.touched_by(events)
        else:
            self.position = events[-1].position
        self._release()
        if events:
            self._announce(events, touched)

    def _sent_back(self, names: Sequence[str], position: int) -> bool:
        """Whether a projection has begun again, in whatever process: then they stand at different places."""
        return min(self._views.positions()[name] for name in names) < position - 1

    def _announce(self, events: Sequence[Recorded], touched: Touched) -> None:
        for listener in self.applied:
            try:
                listener(events, touched)
            except Exception:
                log.exception("listener_failed")

    def _heed_exchange(self) -> None:
        if self._views.exchanged():
            log.info("views_exchanged", position=self.position)
            for listener in self.exchanged:
                listener()

    def _release(self) -> None:
        while self._waiters and self._waiters[0][0] <= self.position:
            _, _, future = heappop(self._waiters)
            if not future.done():
                future.set_result(None)
