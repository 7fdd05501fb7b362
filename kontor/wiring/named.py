"""What is a deployment's own on servers that it shares with others, from its settings: keyspace, topic and index."""

from __future__ import annotations

from kontor.settings import Settings, required
from projections.cassandraviews.settings import CassandraSettings, copies_of, hosts_of, replication_of
from streams.broker.topic import Topic


def cassandra_settings(settings: Settings) -> CassandraSettings:
    (hosts,) = required(settings, "cassandra")
    return CassandraSettings(
        hosts_of(hosts),
        settings.namespace,
        replication=replication_of(copies_of(settings.cassandra_replicas)),
        consistency=settings.cassandra_consistency,
        datacenter=settings.cassandra_datacenter or "",
    )


def topic_of(settings: Settings) -> Topic:
    (servers,) = required(settings, "kafka")
    return Topic(servers, f"{settings.namespace}.events", settings.partitions, settings.kafka_replicas)


def index_of(settings: Settings) -> str:
    return f"{settings.namespace}-products"
