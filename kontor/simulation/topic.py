"""A topic, whoever fills it, and whoever folds it into a second set of views: the full profile's way, with its real
relay and intake, on a broker that loses, repeats and delays, and a store that may be flushed.

What a partition has keeps its order; between partitions there is none. Workers die between storing and acknowledging,
so that the next ones are told again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from domain.recorded import Recorded
from kontor.simulation.loop import OWNER
from kontor.simulation.store import Connection, Disk, Faults
from kontor.simulation.violation import Verdict
from projections.carts.projector import CARTS
from projections.folding import Kept, fold_events
from projections.ledger.projector import LEDGER
from projections.orderreviews.projector import ORDER_REVIEWS
from projections.orders.projector import ORDERS
from projections.projector import Table
from projections.sink import RowsLost
from projections.stock.projector import STOCK
from projections.views import ViewsUnavailable
from streams.broker.errors import BrokerUnavailable
from streams.broker.intake import Intake
from streams.broker.messages import Letter, Message, partition_of, read
from streams.broker.relay import Relay
from streams.broker.sinking import Sinking

PARTITIONS = 3
PROJECTIONS = (STOCK, CARTS, ORDERS, LEDGER, ORDER_REVIEWS)
TABLES: tuple[Table, ...] = tuple(table for projection in PROJECTIONS for table in projection.tables)
FETCHED_MAX = 12
FLUSHED = 0.002
RUNNING_S = 2.0
"""Between two deaths of relay and workers, on average."""


class Topic:
    """What the broker keeps: messages by partition, and how far the workers' group has acknowledged them."""

    def __init__(self) -> None:
        self.messages: list[list[Message]] = [[] for _ in range(PARTITIONS)]
        self.acknowledged = [0] * PARTITIONS


class Channel:
    """The relay's way to it."""

    partitions = PARTITIONS

    def __init__(self, topic: Topic, faults: Faults) -> None:
        self._topic = topic
        self._faults = faults

    async def open(self) -> Sequence[int]:
        await self._reach()
        return [some[-1].position if some else 0 for some in self._topic.messages]

    async def send(self, partition: int, letters: Sequence[Letter]) -> None:
        """Some of it may be there although it fails, and all of it twice."""
        there = self._topic.messages[partition]
        said = [message for _, value, headers in letters if (message := read(headers, value)) is not None]
        if self._faults.strikes(self._faults.commit_lost, "the broker goes away in the middle of a batch"):
            there += said[: self._faults.chance.randrange(len(said) + 1)]
            raise BrokerUnavailable("in the middle of a batch")
        there += said
        if self._faults.strikes(self._faults.reply_lost, "a batch is on the topic twice"):
            there += said

    async def settle(self) -> None:
        await self._reach()

    async def close(self) -> None:
        pass

    async def _reach(self) -> None:
        await self._faults.wire()
        if self._faults.strikes(self._faults.unreachable, "the broker cannot be reached"):
            raise BrokerUnavailable("no answer")


class Rows:
    """The store: rows and progress are written together, and all of them can be lost together."""

    def __init__(self, faults: Faults, verdict: Verdict) -> None:
        self.rows: dict[str, dict[str, Kept]] = {table.name: {} for table in TABLES}
        self.reached: dict[int, int] = {}
        self._flushes = 0
        self._heard = dict.fromkeys(range(PARTITIONS), 0)
        """Of how many each partition's worker has been told; one that asks for itself tells the others nothing."""
        self._faults = faults
        self._verdict = verdict

    async def progress(self) -> Mapping[int, int]:
        await self._reach()
        return dict(self.reached)

    async def write(self, partition: int, upto: int, events: Sequence[Recorded]) -> None:
        await self._reach()
        if self._faults.strikes(FLUSHED, "the second views are flushed"):
            self._flushes += 1
            self.reached = {}
            for rows in self.rows.values():
                rows.clear()
        if self._heard[partition] != self._flushes:
            self._heard[partition] = self._flushes
            raise RowsLost("flushed")
        for table in TABLES:
            rows = self.rows[table.name]
            folded = fold_events(table, events, rows.get, {})
            if folded.parked:
                self._verdict.fail(f"the second views park {folded.parked[0]}")
            rows.update(folded.changed)
        self.reached[partition] = max(upto, self.reached.get(partition, 0))

    async def _reach(self) -> None:
        await self._faults.wire()
        if self._faults.strikes(self._faults.unreachable, "the second views cannot be reached"):
            raise ViewsUnavailable("no answer")


class Feeding:
    """Relay and workers, which die together and begin again."""

    def __init__(self, disk: Disk, faults: Faults, chance: Random, verdict: Verdict) -> None:
        self.rows = Rows(faults, verdict)
        self.topic = Topic()
        self._disk = disk
        self.faults = faults
        self._chance = chance
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self) -> None:
        log: Any = Connection(self._disk, self.faults)
        sinking: Any = Sinking("second", self.rows, PARTITIONS)  # type: ignore[arg-type]  # of a sink it asks no more
        token = OWNER.set(self._tasks)
        for work in (Relay(log, Channel(self.topic, self.faults)).run(), self._work(Intake(sinking, log, PARTITIONS))):
            asyncio.get_running_loop().create_task(work)  # its owner keeps it
        OWNER.reset(token)

    async def kill(self) -> None:
        while alive := [task for task in self._tasks if not task.done()]:
            for task in alive:
                task.cancel()
            await asyncio.wait(alive)
        self._tasks.clear()

    async def live(self) -> None:
        """Killed and begun again, until nothing goes wrong any more."""
        while not self.faults.calm:
            self.start()
            await asyncio.sleep(self._chance.expovariate(1 / RUNNING_S))
            self.faults.tell("relay and workers are killed")
            await self.kill()
        self.start()

    async def _work(self, intake: Intake) -> None:
        while True:
            some = [partition for partition in range(PARTITIONS) if self._chance.random() < 0.6]
            fetched = {partition: self._next(partition) for partition in some}
            fetched = {partition: messages for partition, messages in fetched.items() if messages}
            if fetched:
                await intake.take(fetched)
                await self.faults.wire()
                for partition, messages in fetched.items():
                    self.topic.acknowledged[partition] += len(messages)
            await asyncio.sleep(0.05 if fetched else 0.2)

    def _next(self, partition: int) -> list[Message]:
        begin = self.topic.acknowledged[partition]
        return self.topic.messages[partition][begin : begin + self._chance.randint(1, FETCHED_MAX)]

    # looking at it

    def waits(self, head: int) -> str:
        """For what; empty when the views are as far as the log."""
        behind = [one for one in range(PARTITIONS) if self.rows.reached.get(one, 0) < head]
        return f"partition {behind[0]} of the second views is behind" if behind else ""

    def are_the_fold_of(self, events: Sequence[Recorded], verdict: Verdict) -> None:
        """Of the whole log's, as far as each partition's worker has come."""
        reached = self.rows.reached
        told = [one for one in events if one.position <= reached.get(partition_of(one.stream, PARTITIONS), 0)]
        for table in TABLES:
            kept = fold_events(table, told, lambda key: None, {}).changed
            found = self.rows.rows[table.name]
            if found != kept:
                wrong = sorted(key for key in kept.keys() | found.keys() if kept.get(key) != found.get(key))
                verdict.fail(f"the second views, {table.name}: {wrong[0]} is not what the log adds up to")
