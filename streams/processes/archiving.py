"""Archiving: rows of orders that are over leave daily use some time after anything last happened to them.

Only their place changes (``projections/shelf.py``): the log is not touched, whoever asks for such an order or lists it
finds it, and a killed process has moved some orders whole and the others not at all. So nothing needs to be remembered
of how far it was, and several processes on one folder may do the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from commands.pausing import pause
from domain.checkout import saga
from domain.ids import PREFIXES, payment_id, ulid
from domain.orders.closing import is_over
from domain.orders.returns import DAY_MS
from domain.payments.payment import NoPayment
from projections.checkouts.projector import CHECKOUT_ROWS, CheckoutRow
from projections.orders.projector import ORDER_ROWS, PAYMENT_ROWS, OrderRow, PaymentRow
from projections.sqlite import SQLiteViews
from projections.sqlitetable import Busy

BATCH = 50
"""Orders looked at, and moved, at once: some 10 ms in which the event loop stands still."""
PAUSE_S = 0.05
ROUND_S = 3_600.0
BUSY_S = 0.01
FIRST = f"{PREFIXES['order']}_"

log = structlog.get_logger("archiving")
Chosen = dict[str, list[str]]
"""Keys by table."""


class Archiving:
    """``after`` and ``window`` are days: without any event, and in which what was delivered may be returned. 0 days:
    never. ``clock`` gives milliseconds."""

    def __init__(self, views: SQLiteViews, after: int, window: int, clock: Callable[[], int]) -> None:
        self._views = views
        self._after, self._window = after * DAY_MS, window * DAY_MS
        self._clock = clock
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        # Workers of the full profile have their own orders elsewhere, and checkouts here.
        self._whole = any(table is ORDER_ROWS for one in views.projections.values() for table in one.tables)

    async def start(self) -> None:
        if self._after:
            self._task = asyncio.create_task(self._run(), name="archiving")

    async def close(self) -> None:
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._closing.is_set():
            try:
                await self.round()
            except Exception:
                log.exception("archiving_failed")
            await self._rest(ROUND_S)

    async def round(self) -> int:
        """Goes once through everything that is old enough and in daily use; how many orders it moved."""
        now, moved, after = self._clock(), 0, FIRST
        table = ORDER_ROWS.name if self._whole else CHECKOUT_ROWS.name
        # An order carries the time at which its cart was begun, so whatever sorts beyond is younger.
        before = f"{PREFIXES['order']}_{ulid(max(0, now - self._after + 1), bytes(10))}"
        while not self._closing.is_set():
            order_ids = self._views.daily(table, after, before, BATCH)
            if not order_ids:
                break
            after = order_ids[-1]
            chosen = self._chosen(order_ids, now)
            if chosen[table]:
                await self._archive(chosen)
                moved += len(chosen[table])
            await self._rest(PAUSE_S)
        if moved:
            log.info("orders_archived", orders=moved)
        return moved

    def _chosen(self, order_ids: Sequence[str], now: int) -> Chosen:
        checkouts = self._views.rows(CHECKOUT_ROWS.name, order_ids)
        quiet = [key for key in order_ids if self._is_settled(checkouts.get(key), now)]
        if not self._whole:
            return {CHECKOUT_ROWS.name: [key for key in quiet if key in checkouts]}
        orders = self._views.rows(ORDER_ROWS.name, quiet)
        payments = self._views.rows(PAYMENT_ROWS.name, [payment_id(key) for key in quiet])
        over = [key for key in quiet if self._is_over(orders.get(key), payments.get(payment_id(key)), now)]
        return {
            ORDER_ROWS.name: over,
            PAYMENT_ROWS.name: [payment_id(key) for key in over],
            CHECKOUT_ROWS.name: over,
        }

    def _is_settled(self, row: CheckoutRow | None, now: int) -> bool:
        return row is None or (row.moved_at <= now - self._after and saga.is_settled(row.checkout))

    def _is_over(self, row: OrderRow | None, paid: PaymentRow | None, now: int) -> bool:
        moved_at = [one.updated_at for one in (row, paid) if one is not None]
        if row is None or max(moved_at) > now - self._after:
            return False
        return is_over(row.order, paid.payment if paid is not None else NoPayment(), now, self._window)

    async def _archive(self, chosen: Chosen) -> None:
        while not self._closing.is_set():
            try:
                self._views.archive(chosen)
                return
            except Busy:
                await self._rest(BUSY_S)

    async def _rest(self, seconds: float) -> None:
        await pause(self._closing, seconds)
