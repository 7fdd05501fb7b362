"""A small shop on a clock that is moved by hand: a log of which every instant is known."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from commands.engine import Engine
from commands.mapper import recorded
from commands.store.memory import MemoryLog
from commands.store.port import EventLog
from domain.catalog.product import CreateProduct, Description, Variant
from domain.checkout import saga
from domain.ids import payment_id
from domain.orders.order import CancelOrder
from domain.payments.payment import RecordAuthorization, RecordCapture, RecordDecline
from domain.sellers.shop import OpenShop
from kontor.simulation.ending import MemoryEvidence
from kontor.whatif.command import what_if
from kontor.whatif.driving import settling_ms
from kontor.whatif.period import Stretch, period_of
from kontor.whatif.report import Report
from kontor.whatif.terms import Changes
from streams.history.timetravel import Moment
from tests.commands.driving import SHOP, START, Clock, asked_with, buyer_id, context, do, offer, place

MINUTE = 60_000


class Afternoon:
    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.clock = Clock()
        self.engine = Engine(log, clock=self.clock)
        self._buyers = 0

    async def open(self) -> None:
        await self.engine.start()
        await do(self.engine, OpenShop(SHOP, "usr_owner", "Nordwald", "US", "USD"))
        variants = tuple(Variant(sku) for sku in ("A", "B"))
        await do(self.engine, CreateProduct("prd_1", "usr_owner", Description("Chair"), variants))

    async def sells(self, sku: str, units: int, **more: Any) -> None:
        await offer(self.engine, sku, units, **more)

    async def orders(self, skus: Sequence[str], quantity: int = 1, **more: Any) -> str:
        """By somebody new; the order then waits for the provider, if it comes so far."""
        self._buyers += 1
        return await place(self.engine, buyer_id(self._buyers), skus, quantity, **more)

    async def passes(self, minutes: float) -> None:
        self.clock.at += round(minutes * MINUTE)

    async def authorized(self, order_id: str) -> None:
        await self._tells(RecordAuthorization(payment_id(order_id), await self._key(order_id), "ch_1"), order_id)

    async def captured(self, order_id: str) -> None:
        await self._tells(RecordCapture(payment_id(order_id), await self._key(order_id)), order_id)

    async def declined(self, order_id: str) -> None:
        await self._tells(RecordDecline(payment_id(order_id), await self._key(order_id), "declined"), order_id)

    async def paid(self, order_id: str) -> None:
        await self.authorized(order_id)
        await self.captured(order_id)

    async def given_up(self, order_id: str, reason: str) -> None:
        """By the process that looks after checkouts, or by whoever bought."""
        await self._tells(CancelOrder(order_id, reason), order_id)

    async def sees_through(self, order_id: str) -> None:
        """As the process does that looks after checkouts: whatever an order still calls for."""
        known = None
        for row in await self.log.read(0, 10_000):
            event = recorded(row)
            if event.meta.correlation == order_id:
                known = saga.evolve(known, event)
        assert known is not None
        for command in saga.next_commands(known, self.clock()):
            await self._tells(command, order_id)

    async def _key(self, order_id: str) -> str:
        return await asked_with(self.engine, order_id)

    async def _tells(self, command: Any, order_id: str) -> None:
        await self.engine.submit(command, context(self.clock(), order_id))

    async def report(self, *, begin: int = START, end: int | None = None, **changes: Any) -> Report:
        assert isinstance(self.log, MemoryLog)
        evidence, changed = MemoryEvidence(self.log), Changes(**changes)
        until = self.clock.at + 1 if end is None else end
        period = period_of(evidence, Moment(at=begin), Moment(at=until), settling_ms(changed))
        return await what_if(Stretch(evidence, period), changed)


@asynccontextmanager
async def afternoon(log: EventLog | None = None) -> AsyncIterator[Afternoon]:
    one = Afternoon(log or MemoryLog())
    await one.open()
    try:
        yield one
    finally:
        await one.engine.close()
