"""Where Cassandra keeps copies: the keyspace as it was asked for, and a data centre that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cassandra.cluster import NoHostAvailable

from projections.cassandraviews import driver
from projections.cassandraviews.driver import Schema, WrongDatacenter
from projections.cassandraviews.settings import CassandraSettings, copies_of, replication_of
from tests.cassandra import asking, keyspace

NOTHING = Schema({}, [])


@pytest.fixture
def settings() -> Iterator[CassandraSettings]:
    with keyspace("copies") as settings:
        yield settings


@pytest.fixture
def near(settings: CassandraSettings) -> str:
    """The data centre of the node that tests have."""
    with asking(settings.hosts) as session:
        asked: Any = session
        return str(asked.execute("SELECT data_center FROM system.local").one().data_center)


def made(settings: CassandraSettings) -> dict[str, str]:
    """The keyspace's replication, without the package of the strategy."""
    driver.connect(settings, NOTHING).close()
    with asking(settings.hosts) as session:
        asked: Any = session
        known = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = %s"
        found = dict(asked.execute(known, (settings.keyspace,)).one().replication)
    return {**found, "class": found["class"].rpartition(".")[2]}


@pytest.mark.stack
def test_a_keyspace_has_as_many_copies_as_were_asked_for_when_it_was_made(settings: CassandraSettings) -> None:
    several = replace(settings, replication=replication_of(copies_of("3")))
    assert made(several) == {"class": "SimpleStrategy", "replication_factor": "3"}
    assert made(settings) == {"class": "SimpleStrategy", "replication_factor": "3"}, "it stays as it is"


@pytest.mark.stack
def test_by_data_centre(settings: CassandraSettings, near: str) -> None:
    several = replace(settings, replication=replication_of(copies_of(f"{near}:2")), datacenter=near)
    assert made(several) == {"class": "NetworkTopologyStrategy", near: "2"}


@pytest.mark.stack
def test_a_data_centre_that_is_called_otherwise_is_told_apart_from_servers_that_are_away(
    settings: CassandraSettings, near: str
) -> None:
    with pytest.raises(WrongDatacenter, match=f"no node is in the data centre Near, they are in {near}: set KONTOR_"):
        driver.connect(replace(settings, datacenter="Near"), NOTHING)


def test_servers_that_are_away_are_just_that() -> None:
    with pytest.raises(NoHostAvailable):
        driver.connect(CassandraSettings((("127.0.0.1", 1),), "kontor", datacenter="Near"), NOTHING)


@pytest.mark.stack
def test_a_connection_has_nothing_to_warn_of(settings: CassandraSettings, caplog: pytest.LogCaptureFixture) -> None:
    driver.connect(settings, NOTHING).close()
    assert caplog.messages == []
