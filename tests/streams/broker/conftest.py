"""A real broker, for tests marked ``stack``; each gets a topic of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from commands.store.sqlite import SQLiteLog
from streams.broker.topic import Topic
from tests.streams.broker.sink import SQLiteSink

PARTITIONS = 4


@pytest.fixture(scope="session")
def servers() -> str:
    """``$KONTOR_KAFKA``, ``host:port``. Its absence skips a test on a developer's machine and fails it where ``$CI`` is
    set."""
    found = os.environ.get("KONTOR_KAFKA")
    if found:
        return found
    reason = "needs a Kafka broker: KONTOR_KAFKA=host:port"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture
async def topic(servers: str) -> AsyncIterator[Topic]:
    topic = Topic(servers, f"kontor.test.{secrets.token_hex(6)}", PARTITIONS)
    yield topic
    await delete(topic)


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
