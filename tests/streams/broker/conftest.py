"""A real broker, for tests marked ``stack``; each gets a topic of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Callable
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
    return named("KONTOR_KAFKA", "a Kafka broker, host:port")


@pytest.fixture(scope="session")
def restart_broker(servers: str) -> Callable[[], None]:
    """Kills the broker and starts it again, by the command in ``$KONTOR_KAFKA_RESTART``."""
    command = named("KONTOR_KAFKA_RESTART", "a shell command that kills the broker and starts it again")
    return lambda: subprocess.run(command, shell=True, check=True, timeout=90, stdout=subprocess.DEVNULL) and None


def named(variable: str, what: str) -> str:
    found = os.environ.get(variable)
    if found:
        return found
    reason = f"needs {variable}: {what}"
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
