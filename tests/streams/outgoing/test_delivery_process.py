"""Couriers for everybody who is to be told, though not all of them are known at the moment."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from commands.engine import Engine
from commands.errors import UnreadableStream
from commands.store.memory import MemoryLog
from domain.recorded import Recorded
from streams.outgoing.port import Target, Told, sent
from streams.outgoing.process import DeliveryProcess


class Somebody:
    types = frozenset[str]()
    after = 0

    def __init__(self, name: str) -> None:
        self.delivery_id = name

    async def perform(self, event: Recorded) -> Told:
        return sent()

    async def gone(self) -> None:
        pass


class Book:
    """Those who are to be told, as long as it can be read."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.damaged = False

    async def targets(self) -> list[Target]:
        if self.damaged:
            raise UnreadableStream("sub_book")
        return [Somebody(name) for name in self.names]


@pytest.fixture
async def engine(log: MemoryLog) -> AsyncIterator[Engine]:
    engine = Engine(log)
    await engine.start()
    yield engine
    await engine.close()


async def test_a_book_that_cannot_be_read_keeps_nobody_else_waiting(engine: Engine) -> None:
    subscriptions, mail = Book("dlv_sub"), Book()
    deliveries = DeliveryProcess(engine, subscriptions.targets, mail.targets)
    await deliveries._refresh()
    subscriptions.damaged, mail.names = True, ("dlv_mail",)
    with pytest.raises(UnreadableStream):
        await deliveries._refresh()
    assert set(deliveries._couriers) == {"dlv_sub", "dlv_mail"}, "nobody loses his courier either"
    subscriptions.damaged, subscriptions.names = False, ()
    await deliveries._refresh()
    assert set(deliveries._couriers) == {"dlv_mail"}
    await deliveries.close()
