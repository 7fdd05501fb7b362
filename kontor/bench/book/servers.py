"""What the servers say of themselves: version, and how durably they are set to write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

WAIT_S = 5


def servers(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Of each that is named there."""
    return {
        name: _description(ask, environment[variable])
        for name, (variable, ask) in ASKED.items()
        if environment.get(variable)
    }


def _description(ask: Callable[[str], str], where: str) -> str:
    """Never the address, nor what a client says of it: there may be a password in it."""
    try:
        return ask(where)
    except Exception as error:  # each client has its own, and the run goes on
        return f"did not tell ({type(error).__name__})"


def _postgres(url: str) -> str:
    import psycopg

    shown = ("server_version", "fsync", "synchronous_commit")
    with psycopg.connect(url, connect_timeout=WAIT_S) as connection:
        said = [row[0] for name in shown if (row := connection.execute(f"SHOW {name}").fetchone())]
    return "{}, fsync={}, synchronous_commit={}".format(*said)


def _kafka(servers: str) -> str:
    """The protocol names no version."""
    return f"version not told by its protocol; acknowledged by all replicas; aiokafka {_client('aiokafka')}"


def _redis(url: str) -> str:
    from redis import Redis

    with Redis.from_url(url, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S) as client:
        said = client.info()
    return f"{said['redis_version']}, append-only file {'on' if said['aof_enabled'] else 'off'}"


def _elasticsearch(url: str) -> str:
    from elasticsearch import Elasticsearch

    with Elasticsearch(url, request_timeout=WAIT_S) as client:
        return str(client.info()["version"]["number"])


def _cassandra(hosts: str) -> str:
    from projections.cassandraviews.driver import cluster_of
    from projections.cassandraviews.settings import CassandraSettings, hosts_of

    cluster = cluster_of(CassandraSettings(hosts_of(hosts), "system"))
    try:
        [(version,)] = cluster.connect().execute("SELECT release_version FROM system.local", timeout=WAIT_S)
        return str(version)
    finally:
        cluster.shutdown()


def _client(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is missing"


ASKED: dict[str, tuple[str, Callable[[str], str]]] = {
    "Postgres": ("KONTOR_POSTGRES_URL", _postgres),
    "Kafka": ("KONTOR_KAFKA", _kafka),
    "Redis": ("KONTOR_REDIS_URL", _redis),
    "Elasticsearch": ("KONTOR_ELASTICSEARCH_URL", _elasticsearch),
    "Cassandra": ("KONTOR_CASSANDRA", _cassandra),
}
