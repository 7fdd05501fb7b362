"""A real broker, for tests marked ``stack``; each gets a topic of its own."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from commands.store.sqlite import SQLiteLog
from streams.broker.topic import Topic
from tests.needed import address
from tests.streams.broker.sink import SQLiteSink

PARTITIONS = 4


@pytest.fixture(scope="session")
def servers() -> str:
    """``host:port``."""
    return address("kafka")


@pytest.fixture
async def topic(servers: str) -> AsyncIterator[Topic]:
    topic = named(servers)
    yield topic
    await delete(topic)


def named(servers: str) -> Topic:
    """One that nobody else has, and that is not there yet."""
    return Topic(servers, f"kontor.test.{secrets.token_hex(6)}", PARTITIONS)


async def delete(topic: Topic) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=topic.servers)
    await admin.start()
    await admin.delete_topics([topic.name])
    await admin.close()


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SQLiteLog]:
    log = SQLiteLog.open(tmp_path / "log.db")
    yield log
    await log.close()
    await asyncio.sleep(0)


@pytest.fixture
def sink(tmp_path: Path):
    sink = SQLiteSink(tmp_path / "sink.db")
    yield sink
    sink.close()
