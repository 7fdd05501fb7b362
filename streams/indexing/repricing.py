"""Prices that begin or end at an instant, for the search index: the one place that keeps a price and hears of no event.

Pages and carts ask for the price of the instant at which they are made. A search document is made once, so when a price
of its sellers changes by itself it is made anew. What is due is found in the views: nothing is lost with the process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush

import structlog

from commands.engine import now_ms
from commands.outage import Outage
from commands.pausing import pause
from domain.recorded import Recorded
from domain.sellers.offer import next_change
from projections.views import LISTED_MAX, Place, Touched, Views, ViewsUnavailable
from streams.indexing.assembly import BATCH, in_slices

LOOK_MS = 60_000
"""So often at least it looks at the clock, which may be set."""
RETRY_S = 1.0

log = structlog.get_logger("repricing")


class Repricing:
    """``touch`` is told the offers whose price has just changed by itself."""

    def __init__(self, views: Views, touch: Callable[[Touched], None], clock: Callable[[], int] = now_ms) -> None:
        self._views = views
        self._touch = touch
        self._clock = clock
        self._due: list[tuple[int, str]] = []
        self._put: dict[str, int] = {}
        """Offers to look at, and from which instant on a change of theirs is to be told."""
        self._known = False
        """What is due was found in the views."""
        self._news = asyncio.Event()
        self._outage = Outage(log, "repricing_waits", "repricing_goes_on")
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="repricing")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """For ``follower.applied``."""
        if "offers" in touched:
            self._note(touched["offers"])
            self._news.set()

    def begin_anew(self) -> None:
        """For ``indexer.began``: what was told may have gone to another index."""
        self._known = False
        self._news.set()

    def _note(self, offers: Iterable[str]) -> None:
        """Now, before any document is made of them: what changes while they wait here must not be missed."""
        now = self._clock()
        for offer in offers:
            self._put.setdefault(offer, now)

    async def _work(self) -> None:
        while True:
            try:
                if not self._known:
                    self._known = True
                    await self._begin()
                await self._look_at_what_was_put()
                self._tell()
                self._outage.ended()
                await self._rest()
            except ViewsUnavailable as error:
                self._known = False
                self._outage.met(error)
                await asyncio.sleep(RETRY_S)

    async def _begin(self) -> None:
        """Of what changed while nobody looked the documents are made anew."""
        last, now = "", self._clock()
        self._due.clear()
        while some := await self._views.listed("offers", "scheduled", "", after=Place(0, last), limit=LISTED_MAX):
            passed = {key for key, row in some for one in row.terms.prices if one.starts_at <= now}
            self._tell_of(passed)
            self._note(key for key, _ in some)
            last = some[-1].key
            await asyncio.sleep(0)

    async def _look_at_what_was_put(self) -> None:
        put, self._put = self._put, {}
        try:
            for some in in_slices(sorted(put), BATCH):
                for key, row in (await self._views.get_many("offers", some)).items():
                    if at := next_change(row.terms, put[key]):
                        heappush(self._due, (at, key))
        except BaseException:
            self._put = {**self._put, **put}
            raise

    def _tell(self) -> None:
        """What is due, to be looked at again for what comes next; what was changed meanwhile is told for nothing."""
        now, due = self._clock(), set[str]()
        while self._due and self._due[0][0] <= now:
            due.add(heappop(self._due)[1])
        self._tell_of(due)
        self._note(due)

    def _tell_of(self, offers: set[str]) -> None:
        if offers:
            self._touch(Touched(offers=offers))

    async def _rest(self) -> None:
        if self._put or not self._known:
            return
        self._news.clear()
        wait = min(LOOK_MS, self._due[0][0] - self._clock()) if self._due else LOOK_MS
        await pause(self._news, max(0, wait) / 1000)
