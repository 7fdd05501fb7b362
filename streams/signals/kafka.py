"""Signals by way of a topic of their own: whoever serves puts them on it, a worker brings them into the store.

Unlike events they are not told by a log: one replica's word is enough, the topic keeps a day, and what cannot be put on
it within seconds is lost. A worker that died reads some of them again, which changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from commands.outage import Outage
from streams.broker.errors import BrokerUnavailable, WrongTopic
from streams.broker.topic import Topic
from streams.signals.port import SignalsAway, SignalStore
from streams.signals.signal import Signal

RETENTION_MS = 24 * 3_600_000
PARTITIONS = 2
REQUEST_MS = 3_000
WAIT_MS = 500
MESSAGES = 2_000
REST_S = 1.0
CLOSE_S = 5.0

log = structlog.get_logger("signals")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Signal).decode


def topic_of(servers: str, namespace: str, replicas: int = 1) -> Topic:
    return Topic(servers, f"{namespace}.signals", PARTITIONS, replicas, RETENTION_MS)


class SignalOutlet:
    """Connects when there is something to tell."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._producer: Any = None

    async def take(self, signals: Sequence[Signal]) -> None:
        """Raises SignalsAway."""
        try:
            if self._producer is None:
                self._producer = await self._connected()
            sent = [await self._put(one) for one in signals]
            await asyncio.gather(*sent)
        except (KafkaError, OSError, BrokerUnavailable, WrongTopic) as error:
            await self.close()
            raise SignalsAway(f"{self._topic.servers}: {error!r}") from error

    async def _put(self, one: Signal) -> asyncio.Future[Any]:
        partition = crc32(one.session.encode()) % self._topic.partitions
        sent: asyncio.Future[Any] = await self._producer.send(self._topic.name, _encode(one), partition=partition)
        return sent

    async def _connected(self) -> Any:
        await self._topic.ensure()
        producer = AIOKafkaProducer(
            bootstrap_servers=self._topic.servers, acks=1, linger_ms=20, request_timeout_ms=REQUEST_MS
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(REQUEST_MS / 1000):
                    await producer.stop()
            except (KafkaError, OSError, TimeoutError):
                await producer.client.close()


class SignalIntake:
    """A worker's part: from the topic into the store, until it is closed."""

    def __init__(self, topic: Topic, group: str, store: SignalStore) -> None:
        self._topic = topic
        self._group = group
        self._store = store
        self.backlog = 0
        """Messages on the topic that are not in the store yet."""
        self._outage = Outage(log, "signals_wait", "signals_go_on")
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="signals")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=CLOSE_S)  # a broker that is away is not asked to let it go

    async def _work(self) -> None:
        """Whatever fails is begun anew: nothing else of the worker is to end for signals."""
        while True:
            try:
                await self._topic.ensure()
                await self._consume()
            except (SignalsAway, BrokerUnavailable, KafkaError, OSError) as error:
                self._outage.met(error)
            except Exception:
                log.exception("signals_failed")
            await asyncio.sleep(REST_S)

    async def _consume(self) -> None:
        consumer = AIOKafkaConsumer(
            self._topic.name,
            bootstrap_servers=self._topic.servers,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            await consumer.start()
            while True:
                found: Mapping[Any, Sequence[Any]] = await consumer.getmany(timeout_ms=WAIT_MS, max_records=MESSAGES)
                signals = [one for records in found.values() for record in records if (one := read(record.value))]
                if signals:
                    await self._store.take(signals)
                if found:
                    await consumer.commit()
                self.backlog = await behind(consumer)
                self._outage.ended()
        finally:
            await consumer.stop()


async def behind(consumer: Any) -> int:
    """Of the partitions that are this consumer's. What the broker has not told of yet counts as nothing."""
    messages = 0
    for partition in consumer.assignment():
        end = consumer.highwater(partition)
        if end is not None:
            messages += max(0, end - await consumer.position(partition))
    return messages


def read(value: bytes | None) -> Signal | None:
    """None for what is no signal of ours."""
    try:
        return _decode(value or b"")
    except msgspec.DecodeError:
        return None
