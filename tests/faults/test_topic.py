"""The topic is deleted, and somebody writes rubbish into it."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiokafka import AIOKafkaProducer

from kontor.wiring.named import topic_of
from streams.broker.errors import BrokerUnavailable
from streams.broker.messages import watermark
from tests.faults.shop import Shop
from tests.streams.broker.conftest import delete

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]
NOTICED_S = 60.0
"""The relay looks every ten seconds, and waits five more for the broker's word."""


async def test_the_topic_is_deleted_under_load(shop: Shop):
    async with shop.trading():
        await delete(topic_of(shop.settings))
        await shop.sells(10)
    await shop.audit()


async def test_the_topic_is_deleted_while_nothing_happens(shop: Shop):
    """The relay makes it again, and tells everything that the log holds, without anybody having bought anything."""
    head = await shop.house.head()
    topic = topic_of(shop.settings)
    await delete(topic)
    deadline = time.monotonic() + NOTICED_S
    while min(positions := await last_positions(shop)) < head:
        assert time.monotonic() < deadline, f"the topic tells of {positions} and should of {head}"
        await asyncio.sleep(0.5)
    async with shop.trading():
        pass
    await shop.audit()


async def last_positions(shop: Shop) -> list[int]:
    try:
        return list(await topic_of(shop.settings).last_positions())
    except BrokerUnavailable:
        return [0]


async def test_rubbish_on_the_topic_is_passed_over(shop: Shop):
    """No headers, other headers, a value that is no event, and a position that has long been told."""
    head = await shop.house.head()
    headers = [("position", b"%d" % (head + 1)), ("after", b"%d" % head), ("name", b"order.placed@2")]
    producer = AIOKafkaProducer(bootstrap_servers=topic_of(shop.settings).servers)
    await producer.start()
    async with shop.trading():
        for partition in range(shop.settings.partitions):
            for value, sent in ((b"rubbish", []), (b"\xc1", headers), (b"x", [("after", b"?")]), watermark(1, 0)[1:]):
                await producer.send_and_wait(topic_of(shop.settings).name, value, partition=partition, headers=sent)
        await shop.sells(5)
    await producer.stop()
    await shop.audit()
