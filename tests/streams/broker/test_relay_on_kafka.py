"""The relay on a real broker: killed, doubled, with the broker or the topic taken away under load."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from commands.store.memory import MemoryLog
from streams.broker.errors import BrokerUnavailable, WrongTopic
from streams.broker.messages import Message, read
from streams.broker.relay import MARK_S
from streams.broker.topic import Topic
from tests.contracts.source import growing
from tests.stack.commands import Stack
from tests.streams.broker.conftest import delete, named
from tests.streams.broker.fakes import ListSink
from tests.streams.broker.history import grow
from tests.streams.broker.process import Process, source_of
from tests.streams.broker.waiting import consuming, relaying, untouched
from tests.waiting import until

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(240),
    # Faust leaves sockets of its consumer's thread to the garbage collector when the broker went away under it.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
KILLS = 8


@pytest.fixture(scope="module")
def killable(servers: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A broker that nobody else uses, because it is going to be killed."""
    stack = Stack(tmp_path_factory.mktemp("kafka"))
    stack.do("up", "kafka")
    yield stack
    stack.run("kill", "kafka")


async def messages_of(topic: Topic) -> list[list[Message]]:
    """All messages of each partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=topic.servers, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    every = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    consumer.assign(every)
    ends = await consumer.end_offsets(every)
    messages: list[list[Message]] = [[] for _ in every]
    while [each for each in every if ends[each] > await consumer.position(each)]:
        for partition, records in (await consumer.getmany(timeout_ms=200)).items():
            messages[partition.partition] += [read(record.headers, record.value) for record in records]
    await consumer.stop()
    return messages


def events(messages: list[list[Message]]) -> list[int]:
    """Positions of events on the topic, without repeats."""
    return sorted({message.position for partition in messages for message in partition if message.value})


async def test_what_the_log_has_the_topic_has(topic, log):
    head = await grow(log, 9_000)
    async with relaying(log, topic) as relay:
        await until(lambda: relay.position == head)
        await asyncio.sleep(10 * MARK_S)
        assert list(await topic.last_positions()) == [head] * topic.partitions
    messages = await messages_of(topic)
    assert [m.row for p in messages for m in p if m.value and m.position == 77] == list(await log.read(76, 1))
    assert events(messages) == list(range(1, head + 1))
    assert sum(len(partition) for partition in messages) < head + 200 * topic.partitions
    assert all(untouched(partition) for partition in messages)


async def test_the_topic_has_the_partitions_that_were_asked_for(topic):
    await topic.ensure()
    await topic.ensure()
    with pytest.raises(WrongTopic, match="has 4 partitions, not 5"):
        await Topic(topic.servers, topic.name, 5).ensure()


async def test_a_broker_that_is_away_is_said_to_be():
    away = Topic("127.0.0.1:9", "any")
    with pytest.raises(BrokerUnavailable):
        await away.ensure()
    with pytest.raises(BrokerUnavailable):
        await away.last_positions()


async def test_large_events_pass(topic, log):
    class Huge(MemoryLog):
        """Nothing on the way looks into the data."""

    huge = Huge()
    await grow(huge, 20)
    huge.rows = [row._replace(data=bytes([row.position]) * 700_000) for row in huge.rows]
    async with relaying(huge, topic) as relay:
        await until(lambda: relay.position == 20)
    assert events(await messages_of(topic)) == list(range(1, 21))


@pytest.mark.crash
async def test_a_relay_killed_at_any_time_goes_on_where_it_was(topic, log, tmp_path):
    chance = random.Random(secrets.token_hex(4))
    async with growing(log, chance):
        await grow(log, 20_000, chance)
        for _ in range(KILLS):
            process = Process(tmp_path, "relay", topic)
            await asyncio.sleep(chance.uniform(0.5, 2.5))
            process.kill()
            await grow(log, 3_000, chance)
    head = await log.head()
    async with relaying(log, topic) as relay:
        await until(lambda: relay.position == head)
    messages = await messages_of(topic)
    assert events(messages) == list(range(1, head + 1))
    assert all(untouched(partition) for partition in messages)


@pytest.mark.crash
async def test_two_relays_do_no_harm(topic, log, tmp_path):
    chance = random.Random(secrets.token_hex(4))
    await grow(log, 5_000, chance)
    sink = ListSink()
    source = source_of("kafka", topic, f"test-{secrets.token_hex(4)}", "worker-1")
    async with relaying(log, topic), relaying(log, topic), consuming(source, sink, log, topic):
        async with growing(log, chance):
            third = Process(tmp_path, "relay", topic)
            await asyncio.sleep(3)
            third.kill()
        head = await log.head()
        await until(lambda: sink.everything() == list(range(1, head + 1)))
        assert sink.in_order()
    messages = await messages_of(topic)
    assert all(untouched(partition) for partition in messages)
    assert sum(bool(m.value) for partition in messages for m in partition) > head, "there should have been repeats"


@pytest.mark.crash
@pytest.mark.parametrize("kind", ["kafka", "faust"])
async def test_the_broker_dies_under_load(killable, log, kind):
    chance = random.Random(secrets.token_hex(4))
    topic = named(f"127.0.0.1:{killable.ports['kafka']}")
    sink = ListSink()
    source = source_of(kind, topic, f"test-{secrets.token_hex(4)}", "worker-1")
    async with relaying(log, topic), consuming(source, sink, log, topic):
        async with growing(log, chance):
            await until(lambda: len(sink.everything()) > 500)
            await asyncio.to_thread(killable.do, "kill", "kafka")
            await asyncio.to_thread(killable.do, "up", "kafka")
            await asyncio.sleep(2)
        head = await log.head()
        await until(lambda: sink.everything() == list(range(1, head + 1)), 90, lambda: (head, sink.positions))
        assert sink.in_order()
    assert all(untouched(partition) for partition in await messages_of(topic))


@pytest.mark.crash
@pytest.mark.parametrize("kind", ["kafka", "faust"])
@pytest.mark.parametrize("busy", [True, False], ids=["busy", "quiet"])
async def test_the_topic_is_deleted_and_nobody_loses_anything(topic, log, kind, busy):
    chance = random.Random(secrets.token_hex(4))
    sink = ListSink()
    source = source_of(kind, topic, f"test-{secrets.token_hex(4)}", "worker-1")
    async with relaying(log, topic) as relay, consuming(source, sink, log, topic):
        async with growing(log, chance):
            await until(lambda: len(sink.everything()) > 500)
            if busy:
                await delete(topic)
                await asyncio.sleep(3)
        if not busy:
            await until(lambda: relay.position == len(sink.everything()))
            await delete(topic)
            await grow(log, 50)
        head = await log.head()
        await until(lambda: relay.position == head, 90, lambda: (head, relay.position))
        await until(lambda: sink.everything() == list(range(1, head + 1)), 90, lambda: (head, sink.positions))
        assert sink.in_order()
        head = await grow(log, 1)
        await until(lambda: sink.everything()[-1] == head, 10)
