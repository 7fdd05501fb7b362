"""``relay``: events a second from a log on disk to the topic, beside a bare producer with the same bytes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from commands.store.sqlite import SQLiteLog
from kontor.bench.broker import relaying, topic, trading, until
from kontor.bench.report import median, report, spread
from kontor.wiring.embedded import settle_garbage
from streams.broker.messages import Letter, of_row, partition_of
from streams.broker.outlet import BATCH_BYTES
from streams.broker.topic import MESSAGE_BYTES_MAX, Topic

EVENTS = 100_000
SENT = 20_000
"""Messages for the producer's ordinary ``send``, which is slower."""
ROUNDS = 3


async def run() -> dict[str, Any]:
    relayed, batched, sent = [], [], []
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        log = SQLiteLog.open(Path(folder) / "log.db")
        async with trading(log) as trade:
            await trade(EVENTS)
        letters = _letters(log)
        settle_garbage()
        for _ in range(ROUNDS):
            relayed.append(await _relay(log))
            async with topic() as made:
                batched.append(await _send_batches(made, letters))
                sent.append(await _send(made, letters[:SENT]))
        await log.close()
    to_send = [a / b for a, b in zip(relayed, sent, strict=True)]
    to_batch = [a / b for a, b in zip(relayed, batched, strict=True)]
    return report(
        "relay",
        events_per_s=round(median(relayed)),
        bare_send_per_s=round(median(sent)),
        bare_send_batch_per_s=round(median(batched)),
        ratio=round(median(to_send), 3),
        target_ratio=0.8,
        ratio_to_send_batch=round(median(to_batch), 3),
        spread={"ratio": spread(to_send), "ratio_to_send_batch": spread(to_batch)},
        bytes_per_event=sum(len(value) for _, (_, value, _) in letters) // len(letters),
    )


async def _relay(log: SQLiteLog) -> float:
    """From nothing on the topic to everything confirmed; connecting does not count."""
    async with topic() as made, relaying(log, made) as relay:
        await until(lambda: relay.connected)
        started = time.perf_counter()
        await until(lambda: relay.position == EVENTS)
        return EVENTS / (time.perf_counter() - started)


def _letters(log: SQLiteLog) -> list[tuple[int, Letter]]:
    return [(partition_of(row.stream, 8), of_row(row, row.position - 1)) for row in log.read_now(0, EVENTS)]


async def _producer(made: Topic) -> Any:
    producer = AIOKafkaProducer(
        bootstrap_servers=made.servers,
        acks="all",
        enable_idempotence=True,
        max_batch_size=BATCH_BYTES,
        max_request_size=MESSAGE_BYTES_MAX,
        linger_ms=5,
    )
    await producer.start()
    return producer


async def _send(made: Topic, letters: Sequence[tuple[int, Letter]]) -> float:
    """The producer's ordinary interface, one message a call."""
    producer = await _producer(made)
    started = time.perf_counter()
    futures = [
        await producer.send(made.name, value, key, partition, headers=headers)
        for partition, (key, value, headers) in letters
    ]
    await asyncio.gather(*futures)
    seconds = time.perf_counter() - started
    await producer.stop()
    return len(letters) / seconds


async def _send_batches(made: Topic, letters: Sequence[tuple[int, Letter]]) -> float:
    """Batches put together by hand, as the relay does, of bytes that are already there."""
    producer = await _producer(made)
    started = time.perf_counter()
    batches = [producer.create_batch() for _ in range(made.partitions)]
    futures = []
    for partition, (key, value, headers) in letters:
        if batches[partition].append(timestamp=None, key=key, value=value, headers=headers) is None:
            futures.append(await producer.send_batch(batches[partition], made.name, partition=partition))
            batches[partition] = producer.create_batch()
            batches[partition].append(timestamp=None, key=key, value=value, headers=headers)
    for partition, batch in enumerate(batches):
        futures.append(await producer.send_batch(batch, made.name, partition=partition))
    await asyncio.gather(*futures)
    seconds = time.perf_counter() - started
    await producer.stop()
    return len(letters) / seconds
