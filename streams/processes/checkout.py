"""The checkout process: sees every open checkout through, whatever happened to the process that began it.

The engine reacts within its batches; this process is the safety net. It looks at the checkouts whose rows just
changed and, from time to time, at all that have been silent for a while, asks ``domain/checkout/saga.py`` what is
to be done, and submits that. It also tidies expired holds, so that views show the units again. Rows are judged by the
present (``present.py``) and by no later clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import structlog

from commands.context import system_context
from commands.engine import Engine
from commands.errors import UnreadableStream, WritePathError
from commands.outage import Outage
from commands.pausing import pause
from domain.checkout import saga
from domain.decider import Command
from domain.errors import DomainError
from domain.inventory.inventory import ExpireHolds
from domain.orders.order import OrderPaid
from domain.recorded import Recorded
from projections.checkouts.projector import CHECKOUT_ROWS, CheckoutRow
from projections.stock.projector import STOCK_ROWS
from projections.views import Touched, Views
from streams.processes.silent import due_checkouts, silent_checkouts
from streams.views.present import Keeper, Present

SWEEP_S = 1.0
SWEEP_SHARE = 10
SILENT_MS = 2_000
"""A checkout that has not moved for so long is looked after by whichever process sees it first."""
SWEEP_MAX = 500

log = structlog.get_logger("checkout")


class CheckoutProcess:
    def __init__(self, engine: Engine, views: Views, follower: Keeper) -> None:
        """``follower`` keeps the views up with the log."""
        self._engine = engine
        self._views = views
        self._present = Present(engine, follower)
        self._moved: set[str] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._outage = Outage(log, "checkouts_wait", "checkouts_go_on")

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="checkout")

    async def close(self) -> None:
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """The follower's listener: takes up the checkouts that the engine does not react to by itself, such as those of
        an earlier process, or an order called off long after it was paid."""
        paid = {event.stream for event in events if type(event.event) is OrderPaid}
        moved = touched.get(CHECKOUT_ROWS.name, set()) - paid
        unattended = {order_id for order_id in moved if not self._engine.reacts_to(order_id)}
        if unattended:
            self._moved |= unattended
            self._wake.set()

    async def _run(self) -> None:
        next_sweep = 0.0
        loop = asyncio.get_running_loop()
        while not self._closing:
            await pause(self._wake, SWEEP_S)
            self._wake.clear()
            try:
                await self._look_after()
                if (began := loop.time()) >= next_sweep:
                    await self.sweep()
                    # However many there are, most of the time is for those that move.
                    next_sweep = began + max(SWEEP_S, SWEEP_SHARE * (loop.time() - began))
                self._outage.ended()
            except WritePathError as error:
                self._outage.met(error)
            except Exception:
                log.exception("checkout_sweep_failed")

    async def sweep(self) -> None:
        """Goes once through the checkouts that are silent or due, and through the expired holds; not while the views
        are behind."""
        now = await self._present.instant()
        if now is None:
            return
        await self._advance_all((row async for _, row in silent_checkouts(self._views, now, SILENT_MS)), now)
        await self._advance_all(due_checkouts(self._views, now), now)
        for stock_id, item in await self._views.listed(STOCK_ROWS.name, "expiring", "", limit=SWEEP_MAX):
            if item.item.soonest_expiry > now:
                break
            await self._submit(ExpireHolds(stock_id, now), "sweeper")

    async def _advance_all(self, rows: AsyncIterator[CheckoutRow], now: int) -> None:
        """Many share a commit: after an outage there may be thousands."""
        some: list[CheckoutRow] = []
        async for row in rows:
            some.append(row)
            if len(some) == SWEEP_MAX:
                await asyncio.gather(*(self._advance(row, now) for row in some))
                some.clear()
        await asyncio.gather(*(self._advance(row, now) for row in some))

    async def _look_after(self) -> None:
        """Those that have moved; while the views are behind they are kept in mind."""
        if not self._moved or (now := await self._present.instant()) is None:
            return
        moved, self._moved = sorted(self._moved), set()
        for start in range(0, len(moved), SWEEP_MAX):
            rows = await self._views.get_many(CHECKOUT_ROWS.name, moved[start : start + SWEEP_MAX])
            await asyncio.gather(*(self._advance(row, now) for row in rows.values()))

    async def _advance(self, row: CheckoutRow, now: int) -> None:
        if saga.is_settled(row.checkout):
            return
        commands = saga.next_commands(row.checkout, now)
        # They queue in this order, and share a commit.
        await asyncio.gather(*(self._submit(command, "checkout", row.checkout.order_id) for command in commands))

    async def _submit(self, command: Command, part: str, correlation: str = "") -> None:
        try:
            await self._engine.submit(command, system_context(part, self._engine.clock(), correlation))
        except DomainError as refusal:
            log.warning("step_refused", command=type(command).__name__, order=correlation, reason=refusal.detail)
        except UnreadableStream as error:  # the others are to be seen through all the same
            log.error("step_impossible", command=type(command).__name__, order=correlation, reason=str(error))
