"""`kontor status` of the full profile, with and without anybody who follows the log."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from kontor.wiring.stores import IN_REDIS
from projections.redisviews.names import Names
from tests.full.commandline import NOWHERE, create_user, kontor
from tests.full.processes import namespace

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture
def environment(tmp_path) -> Iterator[dict[str, str]]:
    with namespace() as environment:
        yield environment | {"KONTOR_DATA": str(tmp_path)}


def status(environment: dict[str, str]) -> dict[str, Any]:
    completed = kontor(environment, "status", "--json")
    assert completed.returncode == 0, completed.stderr
    found: dict[str, Any] = json.loads(completed.stdout)
    return found


def test_a_log_that_nobody_follows_yet(environment):
    refused = kontor(environment, "status")
    assert refused.returncode == 1
    assert "there is no event log" in refused.stderr
    create_user(environment)
    before = time.time()
    shown = status(environment | {"KONTOR_PROVIDER_URL": NOWHERE["KONTOR_PROVIDER_URL"]})
    assert shown["events"] == {"account": 1, "claim": 1}
    assert shown["head"] == 2
    assert shown["bytes"] > 10_000
    for name in ("relay", "views", "orders", "search"):
        at = shown["consumers"][name]
        assert (at["position"], at["lag"]) == (0, 2), name
        assert 0 < at["seconds"] < 200 + time.time() - before
    assert shown["consumers"]["processes"] == {"position": None, "lag": None, "seconds": None}
    assert shown["topic"] == {"name": f"{environment['KONTOR_NAMESPACE']}.events", "partitions": 4, "last": None}
    servers = shown["servers"]
    assert {name for name, server in servers.items() if server["up"]} == servers.keys() - {"gateway"}
    with redis.Redis.from_url(environment["KONTOR_REDIS_URL"]) as client:
        assert not list(client.scan_iter(f"{environment['KONTOR_NAMESPACE']}*", count=10_000)), (
            "looked, and left nothing"
        )
    for_people = kontor(environment, "status")
    assert for_people.returncode == 0, for_people.stderr
    assert "event log: 2 events" in for_people.stdout
    assert "not made yet" in for_people.stdout


def test_servers_that_are_away_are_told_as_such(environment):
    create_user(environment)
    shown = status(environment | NOWHERE)
    assert shown["head"] == 2
    assert {name for name, server in shown["servers"].items() if server["up"]} == {"postgres", "vault"}
    assert all(server["error"] for name, server in shown["servers"].items() if not server["up"])
    assert {at["lag"] for at in shown["consumers"].values()} == {None}
    for_people = kontor(environment | NOWHERE, "status")
    assert for_people.returncode == 0
    assert "not known here" in for_people.stdout


def test_what_is_parked_is_told(environment):
    create_user(environment)
    names = Names(environment["KONTOR_NAMESPACE"], IN_REDIS)
    with redis.Redis.from_url(environment["KONTOR_REDIS_URL"]) as client:
        client.set(names.born, "now")  # a store in which a worker has begun
        client.hset(names.parked[1], "2", '["stk_1", "ValueError()"]')
    parked = {"projection": IN_REDIS[1].name, "position": 2, "stream": "stk_1", "error": "ValueError()"}
    assert status(environment)["parked"] == [parked]
    assert "stk_1: ValueError()" in kontor(environment, "status").stdout
