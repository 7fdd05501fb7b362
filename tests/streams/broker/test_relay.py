"""The relay against a topic in memory: whatever fails and whoever else writes, consumers get everything once."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from commands.errors import StorageUnavailable
from commands.store.memory import MemoryLog
from streams.broker import relay as module
from streams.broker.errors import WrongTopic
from streams.broker.intake import Intake
from streams.broker.relay import Relay
from tests.streams.broker.fakes import PARTITIONS, FakeChannel, FakeTopic, ListSink
from tests.streams.broker.history import grow
from tests.streams.broker.waiting import untouched
from tests.waiting import until


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.002)
    monkeypatch.setattr(module, "CHUNK", 7)


async def end(relay: Relay, task: asyncio.Task[None]) -> None:
    relay.stop()
    await asyncio.wait_for(task, 5)


async def consume(topic: FakeTopic, log: MemoryLog, sink: ListSink, chance: random.Random) -> None:
    """All of the topic, in batches of any size, the partitions in any order."""
    intake = Intake(sink, log, len(topic.partitions))
    offsets = [0] * len(topic.partitions)
    while left := [number for number, offset in enumerate(offsets) if offset < len(topic.partitions[number])]:
        number = chance.choice(left)
        size = chance.randrange(1, 20)
        await intake.take({number: topic.partitions[number][offsets[number] : offsets[number] + size]})
        offsets[number] += size


async def test_every_partition_hears_how_far_the_log_goes():
    log, topic = MemoryLog(), FakeTopic()
    relay = Relay(log, FakeChannel(topic))
    task = asyncio.create_task(relay.run())
    await grow(log, 1)
    await until(lambda: all(partition and partition[-1].position == 1 for partition in topic.partitions))
    assert sum(bool(message.value) for partition in topic.partitions for message in partition) == 1
    assert relay.position == 1
    await end(relay, task)


async def test_watermarks_are_paced(monkeypatch):
    log, topic = MemoryLog(), FakeTopic(1)
    relay = Relay(log, FakeChannel(topic))
    monkeypatch.setattr(module, "MARK_S", 0.1)
    task = asyncio.create_task(relay.run())
    started = time.monotonic()
    for _ in range(20):
        await grow(log, 1)
        await asyncio.sleep(0.01)
    allowed = (time.monotonic() - started) / 0.1 + 1
    assert sum(not message.value for message in topic.partitions[0]) <= allowed
    await end(relay, task)


async def test_a_quiet_relay_says_so_now_and_then(monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.05)
    log, topic = MemoryLog(), FakeTopic()
    await grow(log, 5)
    relay = Relay(log, FakeChannel(topic))
    task = asyncio.create_task(relay.run())
    await until(lambda: all([m.position for m in partition].count(5) > 3 for partition in topic.partitions))
    assert all(untouched(partition) for partition in topic.partitions)
    await end(relay, task)


async def test_it_begins_where_the_last_partition_stands():
    log, topic = MemoryLog(), FakeTopic()
    await grow(log, 100)
    relay = Relay(log, FakeChannel(topic))
    task = asyncio.create_task(relay.run())
    await until(lambda: topic.highest() == [100] * PARTITIONS)
    await end(relay, task)
    lengths = [len(partition) for partition in topic.partitions]
    await grow(log, 1)
    relay = Relay(log, FakeChannel(topic))
    task = asyncio.create_task(relay.run())
    await until(lambda: relay.position == 101)
    await end(relay, task)
    again = [message for number, partition in enumerate(topic.partitions) for message in partition[lengths[number] :]]
    assert {message.position for message in again if message.value} == {101}
    assert {message.position for message in again} <= {100, 101}  # a relay that begins also says how far it is


async def test_a_topic_ahead_of_the_log_is_refused():
    topic, long, short = FakeTopic(), MemoryLog(), MemoryLog()
    await grow(long, 30)
    relay = Relay(long, FakeChannel(topic))
    task = asyncio.create_task(relay.run())
    await until(lambda: relay.position == 30)
    await end(relay, task)
    await grow(short, 20)
    with pytest.raises(WrongTopic, match="30, the log ends at 20"):
        await Relay(short, FakeChannel(topic)).run()


async def test_a_log_that_announces_is_not_polled():
    class Announcing(MemoryLog):
        news = asyncio.Event()
        reads = 0

        async def read(self, after, limit):
            self.reads += 1
            return await super().read(after, limit)

        async def changed(self, after: int, timeout: float) -> bool:
            try:
                await asyncio.wait_for(self.news.wait(), timeout)
            except TimeoutError:
                return False
            self.news.clear()
            return True

    log, topic = Announcing(), FakeTopic()
    relay = Relay(log, FakeChannel(topic))
    task = asyncio.create_task(relay.run())
    await asyncio.sleep(0.3)
    assert log.reads < 5
    await grow(log, 3)
    log.news.set()
    await until(lambda: relay.position == 3, 0.5)
    await end(relay, task)


async def test_a_log_that_is_away_is_waited_for():
    class Away(MemoryLog):
        failures = 3

        async def read(self, after, limit):
            if self.failures:
                self.failures -= 1
                raise StorageUnavailable("gone fishing")
            return await super().read(after, limit)

    log = Away()
    await grow(log, 10)
    relay = Relay(log, FakeChannel(FakeTopic()))
    task = asyncio.create_task(relay.run())
    await until(lambda: relay.position == 10)
    await end(relay, task)


@pytest.mark.parametrize("seed", range(25))
async def test_relays_through_each_other_with_failures_lose_nothing(seed: int):
    chance = random.Random(seed)
    log, topic = MemoryLog(), FakeTopic()
    relays = [Relay(log, FakeChannel(topic, random.Random(seed * 10 + n), 0.15)) for n in range(1 + seed % 3)]
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    for _ in range(15):
        await grow(log, chance.randrange(1, 30), chance)
        await asyncio.sleep(chance.random() / 100)
    head = await log.head()
    await until(lambda: topic.highest() == [head] * PARTITIONS)
    for relay, task in zip(relays, tasks, strict=True):
        await end(relay, task)
    await asyncio.sleep(0.03)
    assert all(untouched(partition) for partition in topic.partitions)
    sink = ListSink()
    await consume(topic, log, sink, chance)
    assert sink.everything() == list(range(1, head + 1))
    assert sink.in_order()
    assert [sink.positions[number] for number in range(PARTITIONS)] == [head] * PARTITIONS


@pytest.mark.parametrize("seed", range(10))
async def test_a_topic_deleted_under_two_relays_costs_no_consumer_an_event(seed: int):
    """The second relay does not notice, and writes on into the topic as if it were the old one."""
    chance = random.Random(seed)
    log, topic = MemoryLog(), FakeTopic()
    relays = [Relay(log, FakeChannel(topic, random.Random(seed * 10 + n), 0.1)) for n in range(2)]
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    for _ in range(10):
        await grow(log, chance.randrange(1, 30), chance)
        await asyncio.sleep(chance.random() / 100)
        if chance.random() < 0.3:
            topic.delete()
    head = await log.head()
    await until(lambda: topic.highest() == [head] * PARTITIONS)
    for relay, task in zip(relays, tasks, strict=True):
        await end(relay, task)
    await asyncio.sleep(0.03)
    sink = ListSink()
    await consume(topic, log, sink, chance)
    positions = sink.everything()
    assert positions == list(range(1, len(positions) + 1)) or sink.in_order()
    for number, partition in enumerate(topic.partitions):
        highest = max((message.position for message in partition), default=0)
        ours = [event.position for event in sink.events[number]]
        assert ours == [
            row.position for row in log.rows[:highest] if module.partition_of(row.stream, PARTITIONS) == number
        ]
