"""One process that sends webhooks, in the test's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from commands.context import system_context
from commands.engine import Engine, now_ms
from commands.store.port import EventLog
from commands.vault import Vault
from domain.ids import delivery_id
from domain.outgoing.delivery import Delivery
from domain.outgoing.subscription import BOOK, CreateSubscription
from domain.sellers.shop import OpenShop
from projections.views import Touched
from streams.outgoing.courier import Pacing
from streams.outgoing.process import DeliveryProcess
from streams.outgoing.webhooks import Webhooks, new_secret
from tests.waiting import until

ID = "sub_01K"
DELIVERY = delivery_id(ID)
QUICK = Pacing(pace=0.01, idle=0.05, call=1.0, claim=0.4, retry=0.02, pause=0.005)
"""Pauses of 25, 50, 100 … milliseconds."""


class Sender:
    """One process that sends."""

    def __init__(self, log: EventLog, vault: Vault, *, private: bool = True, pacing: Pacing = QUICK) -> None:
        self.engine = Engine(log)
        self.vault = vault
        self.webhooks = Webhooks(self.engine, vault, private=private)
        self.deliveries = DeliveryProcess(self.engine, self.webhooks.targets, pacing=pacing)

    async def start(self, *, sending: bool = True) -> None:
        await self.engine.start()
        self.engine.listeners.append(lambda events: self.deliveries.applied(events, Touched()))
        if sending:
            await self.deliveries.start()

    async def close(self) -> None:
        await self.deliveries.close()
        await self.webhooks.close()
        await self.engine.close()

    async def submit(self, command: Any) -> int:
        return (await self.engine.submit(command, system_context("test", now_ms()))).position

    async def subscribe(self, url: str, *types: str, subscription_id: str = ID) -> str:
        """The secret."""
        secret = new_secret()
        self.vault.ensure_key(subscription_id)
        sealed = self.vault.seal(subscription_id, {"secret": secret})
        after = await self.engine.log.head()
        await self.submit(CreateSubscription(BOOK, subscription_id, url, types or ("shop.*",), sealed, after, now_ms()))
        return secret

    async def happens(self, number: int = 1) -> str:
        """The event's id."""
        await self.submit(OpenShop(f"shp_{number}", "usr_1", f"Shop {number}", "US", "USD"))
        return f"shp_{number}/1"

    @property
    def delivery(self) -> Delivery:
        state: Delivery = self.engine.peek(DELIVERY) or Delivery()
        return state

    @property
    def reasons(self) -> list[str]:
        return [one.reason for one in self.delivery.open.values()]

    async def events(self) -> list[str]:
        await self.engine.landing()  # what is decided is seen in memory before it is in the log
        return [row.topic.partition("@")[0] for row in await self.engine.log.read(0, 10_000)]

    async def rests(self, position: int) -> None:
        """Until everything up to there is recorded."""
        await until(lambda: self.delivery.position >= position)


@asynccontextmanager
async def sending(log: EventLog, vault: Vault, **options: Any) -> AsyncIterator[Sender]:
    sender = Sender(log, vault, **options)
    await sender.start()
    try:
        yield sender
    finally:
        await sender.close()


@contextmanager
def dying_before_the_record(deliveries: DeliveryProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is sent within is not recorded any more: those who sent it end with the block."""

    async def killed(*_: Any) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr("streams.outgoing.courier.Courier._record", killed)
        patch.setattr("streams.outgoing.courier.Courier._release", killed)
        yield
        for _, task in deliveries._couriers.values():
            task.cancel()
    deliveries._couriers.clear()
