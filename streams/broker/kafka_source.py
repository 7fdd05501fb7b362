"""A source on plain aiokafka: the group's partitions, many messages at a time, offsets committed by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from streams.broker.intake import Intake
from streams.broker.messages import read
from streams.broker.source import COMMIT_S, HEARTBEAT_S, MESSAGES, METADATA_S, SESSION_S, WITHIN_S, Source
from streams.broker.topic import Topic

WAIT_MS = 200
REVOKE_S = 5.0
"""How long a rebalance waits for the batch under way. Beyond it somebody else may begin the same: harmless, for sinks
are idempotent by position, and the batch goes on to its end by what it knew when it began."""

log = structlog.get_logger("kafka_source")


class KafkaSource(Source):
    def __init__(self, topic: Topic, group: str, instance: str, within: float = WITHIN_S) -> None:
        super().__init__(topic, group, instance, within)
        self._taking = asyncio.Lock()
        self._handled: dict[TopicPartition, int] = {}
        """Offsets to commit: of the first message that the sink does not hold."""
        self._committed_at = 0.0

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
            session_timeout_ms=int(SESSION_S * 1000),
            heartbeat_interval_ms=int(HEARTBEAT_S * 1000),
            metadata_max_age_ms=int(METADATA_S * 1000),
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
            async with asyncio.timeout(REVOKE_S):
                await self._taking.acquire()
        except TimeoutError:
            return
        try:
            await self._commit(consumer)
        finally:
            self._taking.release()

    def assigned(self, partitions: Iterable[TopicPartition], intake: Intake) -> None:
        self._handled = {}
        self._assigned([partition.partition for partition in partitions], intake)


class _Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]  # the client has no types
    def __init__(self, source: KafkaSource, consumer: Any, intake: Intake) -> None:
        self._source, self._consumer, self._intake = source, consumer, intake

    async def on_partitions_revoked(self, revoked: Any) -> None:
        await self._source.revoked(self._consumer)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self._source.assigned(assigned, self._intake)
