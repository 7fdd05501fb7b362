"""A source on plain aiokafka: the group's partitions, many messages at a time, offsets committed by hand."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from commands.outage import Outage
from streams.broker.errors import BrokerUnavailable
from streams.broker.messages import read
from streams.broker.topic import Topic
from streams.intake import Intake, Stopped

MESSAGES = 1_000
"""Messages a call of the handlers."""
WITHIN_S = 0.05
WAIT_MS = 200
COMMIT_S = 0.5
SESSION_MS = 6_000
HEARTBEAT_MS = 1_000
METADATA_MS = 5_000
"""How soon a topic that was deleted and made again is found."""
REVOKE_S = 5.0
"""How long a rebalance waits for the batch under way. Beyond it somebody else may begin the same: harmless."""
RETRY_S = 1.0

log = structlog.get_logger("kafka_source")


class KafkaSource:
    def __init__(self, topic: Topic, group: str, instance: str, within: float = WITHIN_S) -> None:
        """``instance`` is the member's own name, the same after a restart: it then gets its partitions back at once.
        ``within``: seconds between two calls of the handlers while there is little to do."""
        self._topic = topic
        self._group = group
        self._instance = instance
        self._within = within
        self._stopping = asyncio.Event()
        self._intake: Intake | None = None
        self._taking = asyncio.Lock()
        self._handled: dict[TopicPartition, int] = {}
        """Offsets to commit: of the first message that the sink does not hold."""
        self._committed_at = 0.0
        self._outage = Outage(log, "source_interrupted", "source_goes_on")

    def stop(self) -> None:
        self._stopping.set()
        if self._intake is not None:
            self._intake.stop()

    async def run(self, intake: Intake) -> None:
        self._intake = intake
        while not self._stopping.is_set():
            try:
                await self._topic.ensure()
                await self._consume(intake)
            except Stopped:
                return
            except (BrokerUnavailable, KafkaError, OSError) as error:
                self._outage.met(error)
                await self._pause(RETRY_S * (0.5 + random.random()))

    async def _pause(self, seconds: float) -> None:
        """Shorter if it is to stop."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _consume(self, intake: Intake) -> None:
        consumer = self._consumer()
        consumer.subscribe([self._topic.name], listener=_Rebalances(self, consumer, intake))
        try:
            await consumer.start()
            while not self._stopping.is_set():
                batches = await consumer.getmany(timeout_ms=WAIT_MS, max_records=MESSAGES)
                began = time.monotonic()
                if batches:
                    async with self._taking:
                        await self._take(batches, intake)
                if began - self._committed_at >= COMMIT_S:
                    await self._commit(consumer)
                if sum(map(len, batches.values())) < MESSAGES:
                    await self._pause(began + self._within - time.monotonic())
            await self._commit(consumer)
        finally:
            await consumer.stop()

    async def _take(self, batches: Mapping[TopicPartition, Sequence[Any]], intake: Intake) -> None:
        messages = {
            partition.partition: [told for record in records if (told := read(record.headers, record.value))]
            for partition, records in batches.items()
        }
        await intake.take(messages)
        for partition, records in batches.items():
            self._handled[partition] = records[-1].offset + 1

    def _consumer(self) -> Any:
        return AIOKafkaConsumer(
            bootstrap_servers=self._topic.servers,
            group_id=self._group,
            group_instance_id=self._instance,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            metadata_max_age_ms=METADATA_MS,
        )

    async def _commit(self, consumer: Any) -> None:
        """What the sink holds. A commit that comes to nothing only means repeats."""
        self._committed_at = time.monotonic()
        handled, self._handled = self._handled, {}
        if not handled:
            return
        try:
            await consumer.commit(handled)
        except (KafkaError, IllegalStateError) as error:
            log.info("not_committed", error=repr(error))

    async def revoked(self, consumer: Any) -> None:
        """Waits for the batch under way, so that the next owner need not do it again."""
        try:
            await asyncio.wait_for(self._taking.acquire(), REVOKE_S)
        except TimeoutError:
            return
        try:
            await self._commit(consumer)
        finally:
            self._taking.release()

    def assigned(self, partitions: Iterable[TopicPartition], intake: Intake) -> None:
        self._handled = {}
        intake.assigned()
        self._outage.ended()
        log.info("assigned", partitions=sorted(partition.partition for partition in partitions))


class _Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]  # the client has no types
    def __init__(self, source: KafkaSource, consumer: Any, intake: Intake) -> None:
        self._source, self._consumer, self._intake = source, consumer, intake

    async def on_partitions_revoked(self, revoked: Any) -> None:
        await self._source.revoked(self._consumer)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self._source.assigned(assigned, self._intake)
