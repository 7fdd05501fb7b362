"""`kontor parked` on the full profile: what stands still in Redis, in Cassandra and in the processes' own views."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from commands.mapper import NO_META
from domain.recorded import Recorded, Unreadable
from kontor.settings import Settings
from kontor.wiring.named import cassandra_settings
from kontor.wiring.stores import IN_CASSANDRA, IN_REDIS, OF_PROCESSES
from projections.cassandraviews.sink import CassandraSink
from projections.redisviews.server import RedisServer
from projections.redisviews.sink import RedisSink
from projections.sqlite import SQLiteViews
from tests.full.commandline import NOWHERE, create_user, kontor
from tests.full.test_status import environment  # noqa: F401  # the same deployment

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def poison(stream: str) -> Recorded:
    return Recorded(1, stream, 1, Unreadable("order.teleported@9", "unknown"), NO_META, b"")


async def park(settings: Settings, folder: Path) -> None:
    """One event in each place."""
    server = RedisServer(str(settings.redis_url))
    await RedisSink(server, IN_REDIS, settings.namespace).write(0, 1, [poison("shp_1")])
    await server.close()
    sink = CassandraSink(cassandra_settings(settings), IN_CASSANDRA)
    await sink.start()
    assert await sink.connection.wait(60)
    await sink.write(0, 1, [poison("ord_1")])
    await sink.close()
    views = SQLiteViews(folder / "processes.db", OF_PROCESSES)
    views.apply([one.name for one in OF_PROCESSES], [poison("stk_1")])
    views.close()


def listed(environment: dict[str, str]) -> list[str]:  # noqa: F811  # a fixture's value
    completed = kontor(environment, "parked", "list", "--json")
    assert completed.returncode == 0, completed.stderr
    found: list[dict[str, Any]] = [json.loads(line) for line in completed.stdout.splitlines()]
    return sorted(one["key"] for one in found)


def test_each_place_is_told_and_begins_again(
    environment: dict[str, str],  # noqa: F811  # a fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create_user(environment)
    for name, value in environment.items():
        if name.startswith("KONTOR_"):
            monkeypatch.setenv(name, value)
    asyncio.run(park(Settings(), tmp_path))
    keys = listed(environment)
    assert {"shops/1", "orders/1", "processes.stock/1"} <= set(keys)
    for key in ("shops/1", "orders/1", "processes.stock/1"):
        done = kontor(environment, "parked", "retry", key)
        assert done.returncode == 0, done.stderr
        assert "folded again" in done.stdout
    assert not {"shops/1", "orders/1", "processes.stock/1"} & set(listed(environment))
    away = kontor(environment | NOWHERE, "parked", "list")
    assert away.returncode == 1
    assert "redis does not answer" in away.stderr
