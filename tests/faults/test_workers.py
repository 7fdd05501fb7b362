"""Processes killed under load, at the worst of moments."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from kontor.wiring.named import topic_of
from kontor.wiring.stores import IN_REDIS
from projections.redisviews.reader import RedisViews
from projections.redisviews.server import RedisServer
from streams.broker.messages import read
from tests.faults.shop import Shop

pytestmark = [
    pytest.mark.stack,
    pytest.mark.crash,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]
KILLS_MAX = 5


async def test_workers_killed_between_the_write_of_their_sink_and_the_commit_of_their_offset(shop: Shop):
    work, caught = shop.house.parts["work"], 0
    async with shop.trading():
        for _ in range(KILLS_MAX):
            work.kill()
            caught += await redone(shop)
            work.start()
            await work.ready()
            await shop.sells(5)
            if caught:
                break
    assert caught, f"in {KILLS_MAX} kills everything that was written was acknowledged as well"
    await shop.audit()


async def redone(shop: Shop) -> int:
    """Partitions of which the sink in Redis holds more than the dead worker's group has acknowledged."""
    topic = topic_of(shop.settings)
    server = RedisServer(str(shop.settings.redis_url))
    progress = await RedisViews(server, IN_REDIS, shop.settings.namespace).progress()
    await server.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=topic.servers)
    await admin.start()
    offsets = await admin.list_consumer_group_offsets(f"{shop.settings.namespace}-views")
    await admin.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=topic.servers, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic.name, partition) for partition in range(topic.partitions)]
        consumer.assign(places)
        behind = 0
        for place in places:
            position = await position_at(consumer, place, max(0, offsets[place].offset - 1 if place in offsets else 0))
            behind += position < progress.get(place.partition, 0)
        return behind
    finally:
        await consumer.stop()


async def position_at(consumer: AIOKafkaConsumer, place: TopicPartition, offset: int) -> int:
    consumer.pause(*consumer.assignment())
    consumer.resume(place)
    consumer.seek(place, offset)
    async with asyncio.timeout(10):
        while not (records := (await consumer.getmany(place, timeout_ms=500, max_records=1)).get(place)):
            pass
    message = read(records[0].headers, records[0].value)
    assert message is not None
    return message.position


@pytest.mark.parametrize("name", ["write", "relay", "read"])
async def test_a_process_is_killed_and_started_again(shop: Shop, name: str):
    part = shop.house.parts[name]
    async with shop.trading():
        part.kill()
        part.start()
        await part.ready()
        await shop.sells(5)
    await shop.audit()
