"""One process of Kontor: engine, views, follower, checkouts, payments, books; wired as in
``kontor/wiring/embedded.py``.

Killed at any moment, it leaves behind what it had committed and the file of its views, which a power cut may take too.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from commands.engine import Engine
from commands.vault import Vault
from domain.recorded import Recorded
from kontor.simulation.cabinet import Cabinet, Drawer
from kontor.simulation.index import Index, Window
from kontor.simulation.loop import OWNER
from kontor.simulation.outside import PACING, Receivers
from kontor.simulation.postoffice import Buyers, PostOffice
from kontor.simulation.provider import Provider
from kontor.simulation.store import Connection, Disk, Faults
from kontor.simulation.violation import Verdict
from projections.carts.projector import CARTS
from projections.catalog.projector import CATALOG
from projections.checkouts.projector import CHECKOUTS
from projections.erasures.projector import ERASURES
from projections.ledger.projector import LEDGER
from projections.orderreviews.projector import ORDER_REVIEWS
from projections.orders.projector import ORDERS
from projections.projector import Projection
from projections.reviews.projector import RATINGS
from projections.sqlite import SQLiteViews
from projections.stock.projector import STOCK
from projections.views import Touched
from streams.indexing.indexer import Indexer
from streams.indexing.repricing import Repricing
from streams.money.bookkeeping import Bookkeeping
from streams.money.payments import PaymentProcess
from streams.money.reconciling import Reconciler
from streams.outgoing.process import DeliveryProcess, Targets
from streams.outgoing.webhooks import Webhooks
from streams.processes.checkout import CheckoutProcess
from streams.processes.erasure import ErasureProcess
from streams.views.follower import Follower
from streams.waiting.attendant import Attendant
from streams.waiting.rooms import Rooms

PROJECTIONS = (STOCK, CARTS, ORDERS, CHECKOUTS, LEDGER, ORDER_REVIEWS, ERASURES)
COMMISSION_PPM = 50_000
T = TypeVar("T")


class Gone(Exception):
    """The process was killed before it answered, or is not there."""


@dataclass(frozen=True)
class Surroundings:
    """What a process finds beside the log and the provider; None, where nobody needs it."""

    cabinet: Cabinet | None = None
    """Where nobody has an account, there is no vault."""
    index: Index | None = None
    """Without, there is no catalog."""
    receivers: Receivers | None = None
    """Of webhooks; with the keys to their secrets in the vault."""
    office: PostOffice | None = None
    """Of letters about orders; their buyers have accounts."""
    drops: bool = False
    """Whether there are lines, and somebody to attend to them."""


class WatchedViews(SQLiteViews):
    """No thread of its own, and positions that may only grow."""

    def __init__(self, path: Path, verdict: Verdict, projections: Sequence[Projection] = PROJECTIONS) -> None:
        super().__init__(path, projections)
        self._verdict = verdict
        self.reached = dict.fromkeys(self.projections, 0)

    def apply(self, names: Sequence[str], events: Sequence[Recorded]) -> Touched | None:
        touched = super().apply(names, events)
        self.stand()
        return touched

    def stand(self) -> None:
        for name, position in self.positions().items():
            if position < self.reached[name]:
                self._verdict.fail(f"the view {name} went back from {self.reached[name]} to {position}")
            self.reached[name] = position

    def _checkpoint_sometimes(self) -> None:
        pass

    def abandon(self) -> None:
        """As a kill leaves the file: nothing writes to it any more, what began when it was opened included."""
        self._checkpointer.shutdown()
        self._reader.close()
        self._writer.close()


def _nobody_hears(*_: object, **__: object) -> NoReturn:
    raise asyncio.CancelledError


class Process:
    def __init__(
        self,
        name: str,
        disk: Disk,
        faults: Faults,
        provider: Provider,
        clock: Callable[[], int],
        folder: Path,
        verdict: Verdict,
        beside: Surroundings,
    ) -> None:
        self.name = name
        self.clock = clock
        self.up = False
        self.engine: Engine
        self.views: WatchedViews
        self.payments: PaymentProcess
        self.vault: Vault
        self.rooms: Rooms
        self.projections = PROJECTIONS if beside.index is None else (*PROJECTIONS, CATALOG, RATINGS)
        self._beside = beside
        self._window: Window | None = None
        self._disk = disk
        self._faults = faults
        self._provider = provider
        self._folder = folder
        self._verdict = verdict
        self._tasks: list[asyncio.Task[Any]] = []
        self._connection = Connection(disk, faults)
        self._context = copy_context()
        self._context.run(OWNER.set, self._tasks)
        self._reached: dict[str, int] = {}
        folder.mkdir()

    async def start(self) -> None:
        """A new life on the same log. Raises Gone when it is killed meanwhile, or what a failing start raises."""
        self._connection = Connection(self._disk, self._faults)
        await self._within(self._start())
        self.up = True

    async def _start(self) -> None:
        log: Any = self._connection
        self.views = WatchedViews(self._folder / "views.db", self._verdict, self.projections)
        self.views.reached.update(self._reached)
        self.views.stand()
        self.engine = Engine(log, clock=self.clock)
        self.follower = Follower(log, self.views, self.engine, timer=self._timer)
        self.payments = PaymentProcess(self.engine, self.views, self._provider)
        checkouts = CheckoutProcess(self.engine, self.views, self.follower)
        books = Bookkeeping(log, self.engine, COMMISSION_PPM)
        parts: list[Any] = [checkouts, books, *self._more(log)]
        self.engine.listeners.append(self.payments.committed)
        self.follower.applied += [part.applied for part in parts]
        await self.engine.start()
        await self.follower.start()
        for part in (self.payments, *parts):
            await part.start()
        if self._beside.drops:
            self.rooms = Rooms.of(self.vault, self.clock)
            await Attendant(self.engine, self.rooms).start()

    def _more(self, log: Any) -> Iterator[Any]:
        """What there is in some seeds only."""
        beside, engine, views = self._beside, self.engine, self.views
        if beside.cabinet is not None:
            self.vault = Vault(Drawer(beside.cabinet), now=lambda: self.clock() / 1000)
            yield ErasureProcess(engine, views, self.vault)
        if beside.index is not None:
            self._window = Window(beside.index)
            indexer = Indexer(log, views, self._window, self.clock)  # type: ignore[arg-type]  # nobody searches
            repricing = Repricing(views, indexer.touch, self.clock)
            indexer.began.append(repricing.begin_anew)
            yield from (indexer, repricing)
        told: list[Targets] = []
        if beside.receivers is not None:
            told.append(Webhooks(engine, self.vault, sender=beside.receivers).targets)
        if beside.office is not None:
            told.append(Buyers(engine, self.vault, beside.office).targets)
        if told:
            yield DeliveryProcess(engine, *told, pacing=PACING)

    def reconciler(self, books: Path) -> Reconciler:
        """As this process would reconcile, with ``books`` for what it knows."""
        log: Any = self._connection
        return Reconciler(log, self.engine, self.payments, books)

    def _timer(self) -> float:
        """Folding takes no virtual time, so as if it took up to 10 ms."""
        return asyncio.get_running_loop().time() + self._faults.chance.random() * 0.01

    async def ask(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What ``work`` returns or raises, done inside of this process. Raises Gone."""
        if not self.up:
            raise Gone
        return await self._within(work())

    async def _within(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.get_running_loop().create_task(work, context=self._context.copy())
        await asyncio.wait([task])
        if task.cancelled():
            raise Gone
        return task.result()

    async def kill(self, *, power_cut: bool) -> None:
        """With its power, the machine loses what nobody flushed: the views."""
        self.up = False
        self.fall_silent()
        while alive := [task for task in self._tasks if not task.done()]:
            for task in alive:
                task.cancel()
            await asyncio.wait(alive)
        self._tasks.clear()
        await self._connection.cut()
        if self._window is not None:
            self._window.close()
        if hasattr(self, "views"):
            self._reached = {} if power_cut else self.views.reached
            self.views.abandon()
            del self.views
        if power_cut:
            shutil.rmtree(self._folder)
            self._folder.mkdir()

    def fall_silent(self) -> None:
        """What its tasks would still say on their way out, such as that a claim is let go of, is not heard."""
        if hasattr(self, "engine"):
            self.engine.submit = _nobody_hears  # type: ignore[method-assign]

    def let_go(self) -> None:
        """Of its files; nothing more happens in it."""
        if hasattr(self, "views"):
            self.views.abandon()
