"""What every source of events does, whatever feeds it. Subclass it and name its kind; a real broker is needed."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from commands.store.memory import MemoryLog
from commands.store.port import Row
from commands.store.sqlite import SQLiteLog
from streams.broker.topic import Topic
from streams.broker.worker import SinkUnavailable
from tests.streams.broker.fakes import ListSink
from tests.streams.broker.history import grow
from tests.streams.broker.process import Process, source_of
from tests.streams.broker.sink import SQLiteSink
from tests.streams.broker.waiting import consuming, relaying
from tests.waiting import until

KILLS = 4


class UnreadLog(MemoryLog):
    """For a source that has to find everything on the topic."""

    async def read(self, after: int, limit: int) -> Sequence[Row]:
        raise AssertionError(f"the topic does not tell what follows {after}")


@asynccontextmanager
async def growing(log: SQLiteLog, chance: random.Random) -> AsyncIterator[None]:
    """The shop is open."""
    closing = asyncio.Event()

    async def trade() -> None:
        while not closing.is_set():
            await grow(log, chance.randrange(1, 30), chance)
            await asyncio.sleep(0.03)

    task = asyncio.create_task(trade())
    try:
        yield
    finally:
        closing.set()
        await task


async def committed(topic: Topic, group: str) -> dict[int, int]:
    """The group's offsets, by partition; those of an untouched one are left out."""
    admin = AIOKafkaAdminClient(bootstrap_servers=topic.servers)
    await admin.start()
    offsets = await admin.list_consumer_group_offsets(group)
    await admin.close()
    return {partition.partition: offset.offset for partition, offset in offsets.items() if offset.offset > 0}


async def commit(topic: Topic, group: str, offset: int) -> None:
    """As the group's, for every partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=topic.servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    consumer.assign(partitions)
    await consumer.commit(dict.fromkeys(partitions, offset))
    await consumer.stop()


@pytest.mark.stack
@pytest.mark.timeout(240)
class SourceContract:
    kind: ClassVar[str]

    @pytest.fixture
    def group(self) -> str:
        return f"test-{secrets.token_hex(6)}"

    def source(self, topic: Topic, group: str, instance: str = "worker-1") -> Any:
        return source_of(self.kind, topic, group, instance)

    async def test_everything_comes_in_order_and_every_partition_hears_of_the_end(self, topic, log, group):
        await grow(log, 3_000)
        sink = ListSink()
        async with relaying(log, topic), consuming(self.source(topic, group), sink, UnreadLog(), topic):
            head = await grow(log, 500)
            await until(lambda: [sink.positions[n] for n in range(topic.partitions)] == [head] * topic.partitions)
            assert sink.everything() == list(range(1, head + 1))
            assert sink.in_order()
            head = await grow(log, 1)
            await until(lambda: [sink.positions[n] for n in range(topic.partitions)] == [head] * topic.partitions, 10)
            assert sink.everything() == list(range(1, head + 1))

    async def test_a_source_may_be_there_before_the_topic(self, topic, log, group):
        sink = ListSink()
        async with consuming(self.source(topic, group), sink, log, topic):
            await asyncio.sleep(1)
            await grow(log, 10)
            async with relaying(log, topic):
                await until(lambda: sink.everything() == list(range(1, 11)))

    async def test_a_stop_commits_and_the_next_goes_on_from_there(self, topic, log, group):
        await grow(log, 1_000)
        sink, fresh = ListSink(), ListSink()
        async with relaying(log, topic):
            async with consuming(self.source(topic, group), sink, UnreadLog(), topic):
                await until(lambda: len(sink.everything()) == 1_000)
            assert sum((await committed(topic, group)).values()) >= 1_000
            fresh.positions.update(sink.positions)
            async with consuming(self.source(topic, group), fresh, UnreadLog(), topic):
                await grow(log, 50)
                await until(lambda: len(fresh.everything()) == 50)
        assert fresh.everything() == list(range(1_001, 1_051))

    async def test_a_topic_that_ends_before_what_was_committed_is_read_from_its_beginning(self, topic, log, group):
        """Somebody deleted it, and the relay has made another since."""
        await grow(log, 100)
        sink = ListSink()
        async with relaying(log, topic) as relay:
            await until(lambda: relay.position == 100)
            await commit(topic, group, 10_000)
            async with consuming(self.source(topic, group), sink, log, topic):
                await until(lambda: sink.everything() == list(range(1, 101)), what=sink.positions)
                head = await grow(log, 20)
                await until(lambda: sink.everything() == list(range(1, head + 1)), what=sink.positions)

    async def test_a_sink_that_is_away_is_waited_for(self, topic, log, group):
        sink = ListSink()
        sink.errors = [SinkUnavailable("away") for _ in range(5)]
        await grow(log, 500)
        async with relaying(log, topic), consuming(self.source(topic, group), sink, log, topic):
            await until(lambda: sink.everything() == list(range(1, 501)))

    async def test_a_flushed_sink_is_filled_again(self, topic, log, group):
        sink = ListSink()
        await grow(log, 500)
        async with relaying(log, topic), consuming(self.source(topic, group), sink, log, topic):
            await until(lambda: len(sink.everything()) == 500)
            sink.flush()
            await grow(log, 20)
            await until(lambda: sink.everything() == list(range(1, 521)))

    async def test_a_sink_flushed_while_nobody_worked_is_filled_again(self, topic, log, group):
        await grow(log, 500)
        sink, empty = ListSink(), ListSink()
        async with relaying(log, topic):
            async with consuming(self.source(topic, group), sink, log, topic):
                await until(lambda: sink.everything() == list(range(1, 501)))
            assert sum((await committed(topic, group)).values()) >= 500
            async with consuming(self.source(topic, group), empty, log, topic):
                await grow(log, 20)
                await until(lambda: empty.everything() == list(range(1, 521)), what=empty.positions)

    async def test_a_bug_ends_the_worker_and_acknowledges_nothing(self, topic, log, group):
        await grow(log, 200)
        sink = ListSink()
        sink.errors = [ZeroDivisionError("a bug") for _ in range(topic.partitions)]
        async with relaying(log, topic):
            with pytest.raises(ZeroDivisionError):
                async with consuming(self.source(topic, group), sink, log, topic) as task:
                    await until(task.done)
            assert sink.everything() == []
            assert await committed(topic, group) == {}
            sink.errors.clear()
            async with consuming(self.source(topic, group), sink, UnreadLog(), topic):
                await until(lambda: sink.everything() == list(range(1, 201)))

    async def test_a_worker_ends_though_its_sink_is_away(self, topic, log, group):
        await grow(log, 200)
        sink = ListSink()
        sink.errors = [SinkUnavailable("for ever") for _ in range(10_000)]
        async with relaying(log, topic):
            async with consuming(self.source(topic, group), sink, log, topic):
                await until(lambda: len(sink.calls) > 5)
            assert await committed(topic, group) == {}
            sink.errors.clear()
            async with consuming(self.source(topic, group), sink, UnreadLog(), topic):
                await until(lambda: sink.everything() == list(range(1, 201)))

    @pytest.fixture
    def worker(self, tmp_path: Path, topic: Topic, group: str) -> Iterator[Callable[..., Process]]:
        started: list[Process] = []

        def start(instance: str = "worker-1", **options: Any) -> Process:
            process = Process(tmp_path, "worker", topic, source=self.kind, group=group, instance=instance, **options)
            started.append(process)
            return process

        yield start
        for process in started:
            process.kill()

    @pytest.mark.crash
    async def test_a_worker_killed_between_the_sink_and_its_acknowledgement(self, topic, log, group, sink, worker):
        """It dies in the call of the handler, after the sink has written, ``KILLS`` times."""
        chance = random.Random(group)
        async with relaying(log, topic):
            for _ in range(KILLS):
                await grow(log, 400, chance)
                process = worker(dies=True, seed=chance.randrange(1_000_000))
                while process.popen.poll() is None:
                    await grow(log, 20, chance)
                    await asyncio.sleep(0.05)
                assert process.popen.returncode == -9, process.output.read_text()[-3000:]
            await self.completed(log, topic, sink, [worker()])

    @pytest.mark.crash
    async def test_workers_that_join_leave_and_die_lose_nothing(self, topic, log, group, sink, worker):
        chance = random.Random(group)
        async with relaying(log, topic), growing(log, chance):
            one = worker("worker-1")
            await until(lambda: sink.count() > 0)
            two = worker("worker-2")
            await until(lambda: sink.workers().get("worker-2"))
            three = worker("worker-3")
            await until(lambda: sink.workers().get("worker-3"))
            await asyncio.to_thread(one.end)
            two.kill()
            await asyncio.sleep(chance.random())
            two = worker("worker-2")
            await asyncio.sleep(3)
        async with relaying(log, topic):
            await self.completed(log, topic, sink, [two, three])

    async def completed(self, log: SQLiteLog, topic: Topic, sink: SQLiteSink, workers: list[Process]) -> None:
        """Nothing lost, nothing doubled (the sink's index would refuse it), nothing out of order."""
        head = await grow(log, 10)
        await until(
            lambda: sink.positions() == dict.fromkeys(range(topic.partitions), head), 60, lambda: sink.positions()
        )
        assert sink.everything() == list(range(1, head + 1))
        assert sink.out_of_order() == []
        await asyncio.gather(*(asyncio.to_thread(worker.end) for worker in workers))
