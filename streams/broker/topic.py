"""The topic of a log: made by us with its partitions, checked when it is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    InvalidReplicationFactorError,
    KafkaError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from commands.store.port import Position
from streams.broker.errors import BrokerUnavailable, WrongTopic
from streams.broker.messages import read

RETENTION_MS = 7 * 24 * 3_600_000
"""The truth is the log: a consumer that comes later than this reads it there."""
MESSAGE_BYTES_MAX = 8 * 1024 * 1024
READY_S = 15.0
REQUEST_MS = 5_000

log = structlog.get_logger("topic")


class Made(NamedTuple):
    """A topic as it is."""

    partitions: int
    replicas: int
    """Of the partition that has the fewest."""


@dataclass(frozen=True, slots=True)
class Topic:
    servers: str
    """``host:port``, several with commas between."""
    name: str = "kontor.events"
    partitions: int = 8
    """Fixed for the topic's life: sinks keep a position for each."""
    replicas: int = 1
    """Of each partition, of a topic that is made now."""
    retention_ms: int = RETENTION_MS

    async def ensure(self) -> None:
        """Makes the topic unless it is there. Raises WrongTopic if it has other partitions; BrokerUnavailable also
        while there are too few brokers for its replicas, for the others may be about to start."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers, request_timeout_ms=REQUEST_MS)
        try:
            await admin.start()
            found = await self._found(admin)
            if found is None:
                await self._make(admin)
                found = await self._ready(admin)
        except (KafkaError, OSError) as error:
            raise BrokerUnavailable(f"{self.servers}: {error!r}") from error
        finally:
            await admin.close()
        self._require_partitions(found)
        if found.replicas != self.replicas:
            log.warning("topic_has_other_replicas", topic=self.name, replicas=found.replicas, wanted=self.replicas)

    async def look(self) -> Sequence[Position] | None:
        """As ``last_positions``, but makes nothing: None while there is no topic. Raises WrongTopic,
        BrokerUnavailable."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers, request_timeout_ms=REQUEST_MS)
        try:
            await admin.start()
            found = await self._found(admin)
        except (KafkaError, OSError) as error:
            raise BrokerUnavailable(f"{self.servers}: {error!r}") from error
        finally:
            await admin.close()
        if found is not None:
            self._require_partitions(found)
        return None if found is None else await self.last_positions()

    async def delete(self) -> bool:
        """With all that it tells, and whether it was there. Raises BrokerUnavailable."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers, request_timeout_ms=REQUEST_MS)
        try:
            await admin.start()
            answer = await admin.delete_topics([self.name])
            [(_, code)] = [error[:2] for error in answer.topic_error_codes]
            if code == UnknownTopicOrPartitionError.errno:
                return False
            _raise_for(code)
            return True
        except (KafkaError, OSError) as error:
            raise BrokerUnavailable(f"{self.servers}: {error!r}") from error
        finally:
            await admin.close()

    def _require_partitions(self, found: Made) -> None:
        has = found.partitions
        if has != self.partitions:
            raise WrongTopic(
                f"topic {self.name} has {has} partitions, not {self.partitions}: set KONTOR_PARTITIONS={has}"
            )

    async def _found(self, admin: Any) -> Made | None:
        """None while it is not there."""
        [description] = await admin.describe_topics([self.name])
        if description["error_code"] == UnknownTopicOrPartitionError.errno:
            return None
        _raise_for(description["error_code"])
        partitions = description["partitions"]
        return Made(len(partitions), min((len(each["replicas"]) for each in partitions), default=0))

    async def _make(self, admin: Any) -> None:
        config = {
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(MESSAGE_BYTES_MAX),
            # What is confirmed is on half of them at least: of three one may be away, and one more may be lost.
            "min.insync.replicas": str((self.replicas + 1) // 2),
        }
        wanted = NewTopic(self.name, self.partitions, self.replicas, topic_configs=config)
        answer = await admin.create_topics([wanted])
        for _, code, *_ in answer.topic_errors:
            if code == InvalidReplicationFactorError.errno:
                raise BrokerUnavailable(
                    f"{self.servers}: fewer brokers are up than the {self.replicas} replicas that topic {self.name} "
                    "is to have; start them, or set KONTOR_KAFKA_REPLICAS"
                )
            if code != TopicAlreadyExistsError.errno:
                _raise_for(code)

    async def _ready(self, admin: Any) -> Made:
        deadline = time.monotonic() + READY_S
        while (found := await self._found(admin)) is None:
            if time.monotonic() > deadline:
                raise BrokerUnavailable(f"topic {self.name} did not appear in {READY_S:.0f} s")
            await asyncio.sleep(0.05)
        return found

    async def last_positions(self) -> Sequence[Position]:
        """The position that the last message of each partition names, 0 where there is none of ours. Raises
        BrokerUnavailable."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.servers,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=REQUEST_MS,
        )
        try:
            await consumer.start()
            return await self._last(consumer)
        except (KafkaError, OSError) as error:
            raise BrokerUnavailable(f"{self.servers}: {error!r}") from error
        finally:
            await consumer.stop()

    async def _last(self, consumer: Any) -> list[Position]:
        every = [TopicPartition(self.name, partition) for partition in range(self.partitions)]
        consumer.assign(every)
        begins, ends = await consumer.beginning_offsets(every), await consumer.end_offsets(every)
        awaited = {partition for partition in every if ends[partition] > begins[partition]}
        for partition in awaited:
            consumer.seek(partition, ends[partition] - 1)
        consumer.pause(*(set(every) - awaited))
        last, deadline = [0] * self.partitions, time.monotonic() + READY_S
        while awaited:
            if time.monotonic() > deadline:
                raise BrokerUnavailable(f"the last messages of {self.name} did not come in {READY_S:.0f} s")
            for partition, records in (await consumer.getmany(*awaited, timeout_ms=500)).items():
                told = read(records[-1].headers, records[-1].value)
                last[partition.partition] = told.position if told else 0
                if records[-1].offset >= ends[partition] - 1:
                    awaited.discard(partition)
        return last


def _raise_for(code: int) -> None:
    if code:
        raise for_code(code)()
