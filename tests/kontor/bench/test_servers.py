"""Servers say which version they are."""

from __future__ import annotations

import re

import pytest

from kontor.bench.book.servers import servers
from tests.needed import VARIABLES, address


@pytest.mark.stack
@pytest.mark.parametrize("server", ["postgres", "redis", "elasticsearch", "cassandra"])
def test_a_server_tells_its_version(server: str) -> None:
    (said,) = servers({VARIABLES[server]: address(server)}).values()
    assert re.match(r"\d+(\.\d+)+", said), said


def test_kafka_tells_none_and_is_not_asked() -> None:
    (said,) = servers({"KONTOR_KAFKA": "127.0.0.1:9"}).values()
    assert re.match(r"version not told by its protocol; acknowledged by all replicas; aiokafka \d", said)


def test_a_server_that_is_away_is_told_without_its_address() -> None:
    assert servers({"KONTOR_REDIS_URL": "redis://:secret@127.0.0.1:1/0"}) == {"Redis": "did not tell (ConnectionError)"}
    assert servers({}) == {}
