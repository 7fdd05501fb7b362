"""The producing end: letters out, in the order of their partition, confirmed by every replica."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from commands.store.port import Position
from streams.broker.errors import BrokerUnavailable
from streams.broker.messages import Letter
from streams.broker.topic import MESSAGE_BYTES_MAX, Topic

BATCH_BYTES = 512 * 1024
CONFIRM_MS = 5_000
"""Unconfirmed for that long means begin anew; also how soon a deleted topic is noticed once there is news."""
CLOSE_S = 3.0


class Outlet:
    """Idempotent, ``acks=all``, one unconfirmed batch a partition: a batch is handed over only when its predecessor in
    the partition is on the topic. So nothing later is ever there without what comes before it, whatever fails."""

    def __init__(self, topic: Topic) -> None:
        self.partitions = topic.partitions
        self._topic = topic
        self._producer: Any = None
        self._unconfirmed: list[asyncio.Future[Any] | None] = []

    async def open(self) -> Sequence[Position]:
        """Connects, with the topic made if need be: the last position of each partition. Raises BrokerUnavailable,
        WrongTopic."""
        await self._topic.ensure()
        positions = await self._topic.last_positions()
        self._unconfirmed = [None] * self.partitions
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._topic.servers,
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            max_request_size=MESSAGE_BYTES_MAX,
            request_timeout_ms=CONFIRM_MS,
        )
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            raise BrokerUnavailable(f"{self._topic.servers}: {error!r}") from error
        return positions

    async def send(self, partition: int, letters: Sequence[Letter]) -> None:
        """Returns before they are confirmed. Raises BrokerUnavailable, also for what was sent earlier; then nothing may
        be sent until it was closed and opened."""
        batch = self._producer.create_batch()
        for key, value, headers in letters:
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                await self._hand_over(partition, batch)
                batch = self._producer.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=headers)
        await self._hand_over(partition, batch)

    async def settle(self) -> None:
        """Returns once everything is confirmed. Raises BrokerUnavailable."""
        for partition in range(self.partitions):
            await self._confirmed(partition)

    async def _hand_over(self, partition: int, batch: Any) -> None:
        await self._confirmed(partition)
        try:
            self._unconfirmed[partition] = await self._producer.send_batch(batch, self._topic.name, partition=partition)
        except (KafkaError, OSError, AssertionError) as error:  # asserts that it knows the partition
            raise BrokerUnavailable(repr(error)) from error

    async def _confirmed(self, partition: int) -> None:
        future, self._unconfirmed[partition] = self._unconfirmed[partition], None
        if future is None:
            return
        try:
            await future
        except (KafkaError, OSError) as error:
            raise BrokerUnavailable(repr(error)) from error

    async def close(self) -> None:
        """Leaves what is unconfirmed to its fate: whoever opens next looks at what has arrived."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        for future in self._unconfirmed:
            if future is not None:
                future.add_done_callback(_looked_at)
        try:
            async with asyncio.timeout(CLOSE_S):
                await producer.stop()
        except (KafkaError, OSError, TimeoutError):
            # It would go on trying for what nobody waits for any more.
            await producer._sender.close()
            await producer.client.close()


def _looked_at(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()
