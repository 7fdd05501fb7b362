"""What sells, for the search index: counted from the log, and told to the indexer once a minute.

Days are counted apart and forgotten after five weeks. A process that starts reads the newest TAIL_MAX events to begin
with. Merits are told in the steps that the index keeps, so only products that moved by a step get new documents.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import structlog
from msgspec.structs import replace

from commands.errors import StorageUnavailable
from commands.mapper import recorded_or_unreadable
from commands.outage import Outage
from commands.store.port import EventLog
from domain.buyers.cart import ItemAdded
from domain.catalog.merit import UNKNOWN, Merit, merits_of
from domain.orders.order import OrderPlaced
from domain.recorded import Recorded
from domain.stored.codec import TOPICS
from projections.search.document import SearchDocument
from projections.search.row import STEPS
from projections.views import Touched
from streams.indexing.assembly import OnSale
from streams.indexing.documents import document

DAY_MS = 86_400_000
DAYS = 35
TAIL_MAX = 200_000
PAGE = 1_000
BEGIN_S = 5.0
"""A process that starts has more urgent things to do."""
PACE_S = 60.0
COUNTED = frozenset({TOPICS[ItemAdded], TOPICS[OrderPlaced]})

log = structlog.get_logger("standing")


class Standing:
    """``describe`` takes the place of the indexer's own, for documents with merits."""

    def __init__(
        self,
        event_log: EventLog,
        clock: Callable[[], int],
        plain: Callable[[OnSale], SearchDocument] = document,
        begin_s: float = BEGIN_S,
        pace_s: float = PACE_S,
    ) -> None:
        """``plain`` makes the document of a product without its merits."""
        self.touch: Callable[[Iterable[str]], bool] = lambda product_ids: False
        """Asks for new documents; False where nobody makes any now. Set by whoever wires the indexer."""
        self._log = event_log
        self._clock = clock
        self._plain = plain
        self._begin_s = begin_s
        self._pace_s = pace_s
        self._carted: dict[int, Counter[str]] = {}
        self._ordered: dict[int, Counter[str]] = {}
        self._merits: dict[str, Merit] = {}
        self._anew = False
        """All of them are to be told, whatever has moved."""
        self._after = 0
        """Events beyond come from the follower."""
        self._tail = 0
        """Up to where those before have been counted."""
        self._heard = 0
        self._outage = Outage(log, "standing_waits", "standing_goes_on")
        self._task: asyncio.Task[None] | None = None

    @property
    def position(self) -> int:
        """Everything up to here that counts is counted."""
        return self._tail if self._tail < self._after else max(self._after, self._heard)

    async def start(self) -> None:
        self._after = await self._log.head()
        self._tail = max(0, self._after - TAIL_MAX)
        self._task = asyncio.create_task(self._work(), name="standing")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """For ``follower.applied``."""
        self._heard = events[-1].position
        for event in events:
            if event.position > self._after:
                self._count(event)

    def tell_anew(self) -> None:
        """For ``indexer.began``: what was told may have gone to another index."""
        self._anew = True

    def describe(self, one: OnSale) -> SearchDocument:
        merit = self._merits.get(one.product_id, UNKNOWN)
        return replace(self._plain(one), popularity=merit.popularity, conversion=merit.conversion)

    def _count(self, recorded: Recorded) -> None:
        event = recorded.event
        if type(event) is ItemAdded:
            self._carted.setdefault(_day(recorded), Counter())[event.line.product_id] += 1
        elif type(event) is OrderPlaced:
            self._ordered.setdefault(_day(recorded), Counter()).update({line.product_id for line in event.quote.lines})

    async def _work(self) -> None:
        await asyncio.sleep(self._begin_s)
        while True:
            try:
                await self._read_tail()
                self._tell()
                self._outage.ended()
            except StorageUnavailable as error:
                self._outage.met(error)
            except Exception:
                log.exception("standing_failed")
            await asyncio.sleep(self._pace_s)

    async def _read_tail(self) -> None:
        """Goes on where it was, if the log was away."""
        while self._tail < self._after:
            rows = await self._log.read(self._tail, min(PAGE, self._after - self._tail))
            for row in rows:
                if row.topic in COUNTED:
                    self._count(recorded_or_unreadable(row))
            self._tail = rows[-1].position if rows else self._after
            await asyncio.sleep(0)

    def _tell(self) -> None:
        first = self._clock() // DAY_MS - DAYS
        for counts in (self._carted, self._ordered):
            for day in [day for day in counts if day <= first]:
                del counts[day]
        was, now = self._merits, merits_of(_total(self._carted), _total(self._ordered))
        moved = {key for key in {*was, *now} if _steps(was.get(key, UNKNOWN)) != _steps(now.get(key, UNKNOWN))}
        if self._anew:
            moved |= {key for key, merit in now.items() if _steps(merit) != _steps(UNKNOWN)}
        self._merits = now
        if moved and not self.touch(moved):
            self._merits = was
        else:
            self._anew = False


def _day(recorded: Recorded) -> int:
    return recorded.meta.occurred_at // DAY_MS


def _total(days: dict[int, Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counted in days.values():
        total.update(counted)
    return total


def _steps(merit: Merit) -> tuple[int, int]:
    """As ``row.columns`` rounds them."""
    return round(merit.popularity * STEPS), round(merit.conversion * STEPS)
