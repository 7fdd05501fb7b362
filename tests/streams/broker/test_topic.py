"""What a topic is made with, and what is said of one that is otherwise, or that cannot be made."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import InvalidReplicationFactorError, UnknownTopicOrPartitionError
from structlog.testing import capture_logs

from streams.broker import topic as module
from streams.broker.errors import BrokerUnavailable
from streams.broker.topic import Topic


class Broker:
    """As much of an administrator's client as a topic asks for, and of the brokers behind it."""

    def __init__(self, brokers: int = 1) -> None:
        self.brokers = brokers
        self.made: dict[str, Any] = {}

    def __call__(self, **_: Any) -> Broker:
        return self

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        [name] = names
        if name not in self.made:
            return [{"error_code": UnknownTopicOrPartitionError.errno, "partitions": []}]
        made = self.made[name]
        nodes = list(range(made.replication_factor))
        return [{"error_code": 0, "partitions": [{"replicas": nodes} for _ in range(made.num_partitions)]}]

    async def create_topics(self, wanted: list[Any]) -> Any:
        [one] = wanted
        if one.replication_factor > self.brokers:
            return SimpleNamespace(topic_errors=[(one.name, InvalidReplicationFactorError.errno, "too few")])
        self.made[one.name] = one
        return SimpleNamespace(topic_errors=[(one.name, 0, None)])


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr(module, "AIOKafkaAdminClient", broker)
    return broker


@pytest.mark.parametrize(("replicas", "in_sync"), [(1, "1"), (2, "1"), (3, "2"), (4, "2"), (5, "3")])
async def test_it_is_made_with_its_replicas_and_confirms_when_half_of_them_have_it(
    broker: Broker, replicas: int, in_sync: str
) -> None:
    broker.brokers = replicas
    with capture_logs() as said:
        await Topic("kafka:9092", "kontor.events", 4, replicas).ensure()
    made = broker.made["kontor.events"]
    assert (made.num_partitions, made.replication_factor) == (4, replicas)
    assert made.topic_configs["min.insync.replicas"] == in_sync
    assert said == []


async def test_too_few_brokers_are_waited_for_and_told(broker: Broker) -> None:
    topic = Topic("kafka:9092", "kontor.events", 4, 3)
    with pytest.raises(
        BrokerUnavailable, match=r"^kafka:9092: fewer brokers .* the 3 replicas .*KONTOR_KAFKA_REPLICAS"
    ):
        await topic.ensure()
    broker.brokers = 3
    await topic.ensure()
    assert broker.made["kontor.events"].replication_factor == 3


async def test_one_that_is_there_keeps_its_replicas_and_it_is_said(broker: Broker) -> None:
    await Topic("kafka:9092", "kontor.events", 4, 1).ensure()
    with capture_logs() as said:
        await Topic("kafka:9092", "kontor.events", 4, 3).ensure()
    assert [(one["event"], one["replicas"], one["wanted"]) for one in said] == [("topic_has_other_replicas", 1, 3)]
    assert broker.made["kontor.events"].replication_factor == 1
