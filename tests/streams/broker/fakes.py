"""A topic in memory, the relay's channel to it, and a sink that notices what must not happen."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence

from commands.store.port import Position
from domain.recorded import Recorded
from streams.broker.errors import BrokerUnavailable
from streams.broker.messages import Letter, Message, read
from streams.broker.worker import SinkLost

PARTITIONS = 4


class FakeTopic:
    def __init__(self, partitions: int = PARTITIONS) -> None:
        self.partitions: list[list[Message]] = [[] for _ in range(partitions)]

    def delete(self) -> None:
        for partition in self.partitions:
            partition.clear()

    def highest(self) -> list[Position]:
        return [max((message.position for message in partition), default=0) for partition in self.partitions]

    def write(self, partition: int, letters: Sequence[Letter]) -> None:
        self.partitions[partition] += [read(headers, value) for _, value, headers in letters]


class FakeChannel:
    """Delivers when it likes. With ``chance`` it fails now and then: some of what was sent is lost, some arrives after
    the relay has given it up."""

    def __init__(self, topic: FakeTopic, chance: random.Random | None = None, failures: float = 0.0) -> None:
        self.partitions = len(topic.partitions)
        self.opened = 0
        self._topic = topic
        self._chance = chance or random.Random(0)
        self._failures = failures
        self._flying: dict[int, Sequence[Letter]] = {}

    async def open(self) -> Sequence[Position]:
        await self._idle()
        self.opened += 1
        return [partition[-1].position if partition else 0 for partition in self._topic.partitions]

    async def send(self, partition: int, letters: Sequence[Letter]) -> None:
        await self._land(partition)
        self._flying[partition] = letters
        await self._idle()

    async def settle(self) -> None:
        for partition in range(self.partitions):
            await self._land(partition)

    async def close(self) -> None:
        for partition, letters in self._flying.items():
            if self._chance.random() < 0.5:
                asyncio.get_running_loop().call_later(self._chance.random() / 50, self._topic.write, partition, letters)
        self._flying.clear()

    async def _land(self, partition: int) -> None:
        await self._idle()
        if partition not in self._flying:
            return
        if self._chance.random() < self._failures:
            raise BrokerUnavailable("a fake one")
        self._topic.write(partition, self._flying.pop(partition))

    async def _idle(self) -> None:
        for _ in range(self._chance.randrange(4)):
            await asyncio.sleep(0)


class ListSink:
    """A handler that keeps what it is given, and the only thing that it checks is its own promise."""

    def __init__(self) -> None:
        self.positions: dict[int, Position] = defaultdict(int)
        self.events: dict[int, list[Recorded]] = defaultdict(list)
        self.calls: list[tuple[int, list[Position], Position]] = []
        self._promised: dict[int, Position] = defaultdict(int)
        self.errors: list[Exception] = []
        """Raised by the next calls, one each."""

    def flush(self) -> None:
        self.positions.clear()
        self.events.clear()

    async def begin(self, partition: int) -> Position:
        self._promised[partition] = self.positions[partition]
        return self.positions[partition]

    async def handle(self, partition: int, events: Sequence[Recorded], upto: Position) -> None:
        self.calls.append((partition, [event.position for event in events], upto))
        if self.errors:
            raise self.errors.pop(0)
        if self.positions[partition] < self._promised[partition]:
            raise SinkLost
        self.events[partition] += [event for event in events if event.position > self.positions[partition]]
        self._promised[partition] = self.positions[partition] = max(self.positions[partition], upto)

    def everything(self) -> list[Position]:
        return sorted(event.position for events in self.events.values() for event in events)

    def in_order(self) -> bool:
        return all(
            [event.position for event in events] == sorted(event.position for event in events)
            for events in self.events.values()
        )
