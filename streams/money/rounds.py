"""The daily round of reconciliation: begun by whichever process finds it due, seen to its end by that one.

When it was last done is in the log, so restarts neither skip a day nor repeat one.
"""

from __future__ import annotations

import asyncio

import structlog

from commands.context import system_context
from commands.engine import Engine
from commands.errors import WritePathError
from commands.outage import Outage
from commands.pausing import pause
from commands.store.port import EventLog
from domain.books.round import RECONCILIATION, BeginRound, FinishRound, Rounds, begin_round
from domain.stored.codec import decode_meta
from streams.gateways.port import GatewayError, GatewayTimeout
from streams.money.reconciling import BORDER_MS, Reconciler

CHECK_S = 60.0
HOUR_MS = 3_600_000

log = structlog.get_logger("rounds")


class DailyRound:
    def __init__(self, event_log: EventLog, engine: Engine, reconciler: Reconciler, every_ms: int) -> None:
        """``every_ms`` is 0 for never."""
        self._log = event_log
        self._engine = engine
        self._reconciler = reconciler
        self._every = every_ms
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._outage = Outage(log, "round_waits", "round_goes_on")

    async def start(self) -> None:
        if self._every:
            self._task = asyncio.create_task(self._run(), name="reconciliation")

    async def close(self) -> None:
        self._closing.set()
        if self._task is not None:
            self._task.cancel()  # begun anew by whoever finds it unfinished; every step may be done twice
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._closing.is_set():
            try:
                await self.look()
                self._outage.ended()
            except (WritePathError, GatewayError, GatewayTimeout) as error:
                self._outage.met(error)
            except Exception:
                log.exception("round_failed")
            await pause(self._closing, CHECK_S)

    async def look(self) -> bool:
        """Reconciles if it is due; whether it was. Raises what ``Reconciler`` raises."""
        first = await self._log.read(0, 1)
        if not first:
            return False
        at = self._engine.clock()
        begin = BeginRound(RECONCILIATION, at, self._every, decode_meta(first[0].meta).recorded_at)
        before: Rounds = await self._engine.state(RECONCILIATION, keep_absent=True)
        if not begin_round(begin, before):
            return False  # asked without a place in a batch, which is most of the time
        begun = await self._engine.submit(begin, system_context("reconciliation", at))
        if not begun.events:
            return False
        done = await self._reconciler.with_provider(max(0, before.until - 2 * BORDER_MS))
        for difference_id, known in done.open:
            log.warning("difference_open", id=difference_id, kind=known.what.kind, order=known.what.order_id)
        finish = FinishRound(
            RECONCILIATION,
            self._engine.clock(),
            done.until,
            done.orders,
            done.movements,
            done.found,
            len(done.open),
        )
        await self._engine.submit(finish, system_context("reconciliation", finish.at))
        log.info("reconciled", orders=done.orders, movements=done.movements, found=done.found, open=len(done.open))
        return True
