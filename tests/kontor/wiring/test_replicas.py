"""How many copies there are of what the full profile derives: set, checked, and passed on to who makes them."""

from __future__ import annotations

import pytest

from kontor.settings import BadSettings, load
from kontor.wiring.named import cassandra_settings, topic_of
from kontor.wiring.signals import signal_topic

SERVERS = {"kafka": "kafka:9092", "cassandra": "cassandra:9042"}
ONE_RING = "{{'class': 'SimpleStrategy', 'replication_factor': {}}}"
TWO_CENTRES = "{'class': 'NetworkTopologyStrategy', 'eu': 3, 'us-east.1': 2}"


def test_one_copy_unless_more_are_wanted() -> None:
    settings = load(**SERVERS)
    assert (topic_of(settings).replicas, signal_topic(settings).replicas) == (1, 1)
    wanted = cassandra_settings(settings)
    assert (wanted.replication, wanted.datacenter) == (ONE_RING.format(1), "")


@pytest.mark.parametrize(
    ("given", "replication", "near"),
    [
        ({"cassandra_replicas": "3"}, ONE_RING.format(3), ""),
        ({"cassandra_replicas": 3}, ONE_RING.format(3), ""),
        ({"cassandra_replicas": "3", "cassandra_datacenter": "eu"}, ONE_RING.format(3), "eu"),
        ({"cassandra_replicas": "eu:3"}, "{'class': 'NetworkTopologyStrategy', 'eu': 3}", ""),
        ({"cassandra_replicas": "eu:3, us-east.1:2", "cassandra_datacenter": "eu"}, TWO_CENTRES, "eu"),
        ({"cassandra_replicas": "eu:3,us-east.1:2", "cassandra_consistency": "QUORUM"}, TWO_CENTRES, ""),
        ({"cassandra_consistency": "LOCAL_ONE"}, ONE_RING.format(1), ""),
        ({"cassandra_consistency": "ONE", "cassandra_replicas": "eu:1,us:1"},
         "{'class': 'NetworkTopologyStrategy', 'eu': 1, 'us': 1}", ""),
    ],
)  # fmt: skip
def test_cassandra_is_told(given: dict[str, object], replication: str, near: str) -> None:
    wanted = cassandra_settings(load(**SERVERS, **given))
    assert (wanted.replication, wanted.datacenter) == (replication, near)


def test_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTOR_KAFKA_REPLICAS", "3")
    monkeypatch.setenv("KONTOR_CASSANDRA_REPLICAS", "eu:3,us-east.1:2")
    monkeypatch.setenv("KONTOR_CASSANDRA_DATACENTER", "eu")
    settings = load(**SERVERS)
    assert (topic_of(settings).replicas, signal_topic(settings).replicas) == (3, 3)
    wanted = cassandra_settings(settings)
    assert (wanted.replication, wanted.datacenter) == (TWO_CENTRES, "eu")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kafka_replicas": 0}, "^kafka_replicas: .* greater than or equal to 1"),
        *(
            ({"cassandra_replicas": text}, r"^cassandra_replicas: .*\(3\), or .*\(eu:3,us:3\), up to 99, not ['\"]")
            for text in ("", "0", "100", "three", "eu", "eu:0", "eu:3,us", "3,3", "3,eu:3", "eu:3,eu:2", "e'u:3", ":3")
        ),
        ({"cassandra_replicas": "3", "cassandra_consistency": "LOCAL_ONE"}, "LOCAL_QUORUM or QUORUM, not LOCAL_ONE"),
        ({"cassandra_replicas": "eu:1,us:3", "cassandra_consistency": "ONE"}, "LOCAL_QUORUM or QUORUM, not ONE"),
        ({"cassandra_replicas": "eu:3,us:3", "cassandra_datacenter": "asia"}, "cassandra_datacenter=asia is none of"),
        ({"cassandra_replicas": "eu:3,us:3"}, "say which is near in cassandra_datacenter, or take QUORUM"),
        ({"cassandra_consistency": "LOCAL_QORUM"}, "^cassandra_consistency: .*'LOCAL_QUORUM', 'QUORUM'"),
    ],
)
def test_what_cannot_work_is_named(given: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettings, match=said) as refused:
        load(**SERVERS, **given)
    assert not str(refused.value).startswith(":")
