"""The Cassandra that tests run against, and keyspaces of one's own there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from projections.cassandraviews.settings import CassandraSettings, hosts_of
from tests.needed import address


def hosts() -> tuple[tuple[str, int], ...]:
    return hosts_of(address("cassandra"))


@contextmanager
def asking(where: tuple[tuple[str, int], ...]) -> Iterator[object]:
    """A session of the driver's own."""
    from cassandra import ProtocolVersion
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
    from cassandra.policies import RoundRobinPolicy

    profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy(), request_timeout=30)
    profiles = {EXEC_PROFILE_DEFAULT: profile}
    cluster = Cluster(list(where), execution_profiles=profiles, connect_timeout=10, protocol_version=ProtocolVersion.V5)
    try:
        yield cluster.connect()
    finally:
        cluster.shutdown()


@contextmanager
def keyspace(name: str) -> Iterator[CassandraSettings]:
    """Settings for one that is not there yet, and is dropped in the end."""
    settings = CassandraSettings(hosts=hosts(), keyspace=f"{name}_{os.getpid()}")
    drop(settings)
    try:
        yield settings
    finally:
        drop(settings)


def drop(settings: CassandraSettings) -> None:
    from projections.cassandraviews import driver

    driver.drop(settings)


def empty(settings: CassandraSettings) -> None:
    """Truncates every table there is. Unlike dropping them it takes no time to speak of.

    The marks go last: once they are gone workers fold everything anew, into tables that must not be emptied after that.
    """
    with asking(settings.hosts) as session:
        found = session.execute(
            "SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s", (settings.keyspace,)
        )
        for name in sorted((row[0] for row in found), key=lambda name: name == "marks"):
            session.execute(f"TRUNCATE {settings.keyspace}.{name}")
