"""``worker``: what each source can carry with a handler that does nothing, and how long an event is under way."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer

from commands.mapper import recorded
from commands.store.memory import MemoryLog
from commands.store.port import Position
from domain.recorded import Recorded
from kontor.bench.broker import relaying, topic, trading, until
from kontor.bench.report import median, percentile, report
from kontor.wiring.embedded import settle_garbage
from streams.broker.faust_source import FaustSource
from streams.broker.intake import Intake
from streams.broker.kafka_source import KafkaSource
from streams.broker.messages import read
from streams.broker.topic import Topic
from streams.broker.worker import Source

SOURCES: dict[str, Callable[[Topic, str, str], Source]] = {"faust": FaustSource, "aiokafka": KafkaSource}
EVENTS = 20_000
PER_SECOND = 500
SECONDS = 6
ROUNDS = 3


class Watch:
    """A handler that keeps nothing but times."""

    def __init__(self) -> None:
        self.reached: dict[int, Position] = {}
        self.count = 0
        self.first = self.last = 0.0
        self.under_way: list[float] = []
        """Seconds from the command's time to here, by event."""

    async def begin(self, partition: int) -> Position:
        return self.reached.get(partition, 0)

    async def handle(self, partition: int, events: Sequence[Recorded], upto: Position) -> None:
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.count += len(events)
        self.reached[partition] = upto
        now = time.time()
        self.under_way += [now - event.meta.recorded_at / 1000 for event in events]


async def run() -> dict[str, Any]:
    log = MemoryLog()
    async with trading(log) as trade:
        await trade(EVENTS)
    settle_garbage()
    figures: dict[str, Any] = {}
    async with topic() as made:
        async with relaying(log, made) as relay:
            await until(lambda: relay.position == EVENTS)
        bare = median([await _getmany(made) for _ in range(ROUNDS)])
        for kind in SOURCES:
            measured = [await _rate(kind, made, log) for _ in range(ROUNDS)]
            figures[f"{kind}_events_per_s"] = round(median([rate for rate, _ in measured]))
            figures[f"{kind}_cpu_us_per_event"] = round(median([cpu for _, cpu in measured]), 1)
    for kind in SOURCES:
        figures |= await _latency(kind)
    return report("worker", bare_getmany_events_per_s=round(bare), **figures, rounds=ROUNDS)


def _source(kind: str, made: Topic) -> Source:
    group = f"bench-{secrets.token_hex(6)}"
    return SOURCES[kind](made, group, "bench-1")


async def _rate(kind: str, made: Topic, log: MemoryLog) -> tuple[float, float]:
    """Events per second between the first call of the handler and the one that completes the number, and processor time
    per event in microseconds, which a busy machine changes less."""
    watch, source = Watch(), _source(kind, made)
    running = asyncio.create_task(source.run(Intake(watch, log, made.partitions)))
    await until(lambda: watch.count)
    began, at_first = time.process_time(), watch.count
    await until(lambda: watch.count == EVENTS)
    cpu = (time.process_time() - began) / max(1, EVENTS - at_first)
    rate = watch.count / (watch.last - watch.first)
    source.stop()
    await running
    return rate, cpu * 1e6


async def _latency(kind: str) -> dict[str, float]:
    """Milliseconds from an event's time to the call of the handler, at 500 events a second; log, engine, relay and
    worker share one process."""
    log, watch = MemoryLog(), Watch()
    async with topic() as made, trading(log) as trade, relaying(log, made):
        source = _source(kind, made)
        running = asyncio.create_task(source.run(Intake(watch, log, made.partitions)))
        await trade(100)
        await until(lambda: watch.count == 100)
        watch.under_way.clear()
        for _ in range(SECONDS * 50):
            await asyncio.gather(trade(PER_SECOND // 50), asyncio.sleep(0.02))
        await until(lambda: watch.count == len(log.rows))
        source.stop()
        await running
    waits = [1000 * seconds for seconds in watch.under_way]
    return {f"{kind}_p50_ms": round(percentile(waits, 0.5), 1), f"{kind}_p99_ms": round(percentile(waits, 0.99), 1)}


async def _getmany(made: Topic) -> float:
    """A bare consumer that decodes the same events."""
    consumer = AIOKafkaConsumer(
        made.name, bootstrap_servers=made.servers, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    count, started = 0, 0.0
    while count < EVENTS:
        for records in (await consumer.getmany(timeout_ms=200, max_records=1_000)).values():
            started = started or time.perf_counter()
            for record in records:
                message = read(record.headers, record.value)
                if message is not None and (row := message.row) is not None:
                    recorded(row)
                    count += 1
    seconds = time.perf_counter() - started
    await consumer.stop()
    return count / seconds
