"""``kontor parked`` of the full profile: what the stores of views could not take in, and how they try it again.

The views of ``work processes`` lie in its data folder, and are known where that is; their names begin with
``processes.``, for there is a projection of the same name in Redis.
"""

from __future__ import annotations

import asyncio

from commands.store.port import EventLog
from kontor import console
from kontor.folder import DataFolder
from kontor.operating.parked import folded_again, in_file
from kontor.operating.status_full import CONNECTED_S, LOOKS, answer_of
from kontor.settings import Settings, required
from kontor.wiring.named import cassandra_settings
from kontor.wiring.stores import IN_CASSANDRA, IN_REDIS, OF_PROCESSES
from projections.cassandraviews.sink import CassandraSink
from projections.folding import Parked
from projections.redisviews.server import RedisServer
from projections.redisviews.sink import RedisSink
from projections.views import ViewsUnavailable

STORES = ("redis", "cassandra")
PROCESSES = "processes."


async def parked_in_stores(settings: Settings) -> tuple[list[tuple[str, Parked]], dict[str, str]]:
    """By projection; and of a store that does not answer, why."""
    found = [(PROCESSES + name, event) for name, event in in_file(DataFolder(settings.data).processes)]
    unknown: dict[str, str] = {}
    answers = await asyncio.gather(*(answer_of(LOOKS[store], settings) for store in STORES))
    for store, answer in zip(STORES, answers, strict=True):
        if isinstance(answer, str):
            unknown[store] = answer
        else:
            found += answer.parked
    return found, unknown


async def fold_again(settings: Settings, log: EventLog, name: str) -> str:
    """What was done about a projection. In the servers it is the workers who fold, from the beginning of the log."""
    if name.startswith(PROCESSES):
        own = name.removeprefix(PROCESSES)
        return await folded_again(DataFolder(settings.data).processes, OF_PROCESSES, log, own)
    worker = "views" if name in [one.name for one in IN_REDIS] else "orders"
    try:
        await (_in_redis(settings, name) if worker == "views" else _in_cassandra(settings, name))
    except ViewsUnavailable as error:
        console.fail(str(error))
    return f"{name} will be folded again by `kontor work --projection {worker}`; `kontor status` tells how far it is"


async def _in_redis(settings: Settings, name: str) -> None:
    (url,) = required(settings, "redis_url")
    server = RedisServer(url)
    try:
        await RedisSink(server, IN_REDIS, settings.namespace).begin_again(name)
    finally:
        await server.close()


async def _in_cassandra(settings: Settings, name: str) -> None:
    sink = CassandraSink(cassandra_settings(settings), IN_CASSANDRA)
    await sink.start()
    try:
        await sink.connection.wait(CONNECTED_S)
        await sink.begin_again(name)
    finally:
        await sink.close()
