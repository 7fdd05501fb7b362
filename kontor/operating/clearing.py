"""``kontor clear-views``: everything that is derived from the log, deleted, so that services fold it anew.

For a log that was restored from a backup and is older than what was derived from it: views would show what never
happened, and the relay would not start. Log, vault and the provider's records are not touched.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from kontor import console
from kontor.folder import DataFolder
from kontor.settings import Settings, required

SCANNED = 1_000
"""Keys that Redis looks at in one go."""


class NotCleared(Exception):
    """A server did not answer; what was deleted before it stays so, and doing it again is safe."""


def run_clear(settings: Settings, agreed: bool) -> None:
    """Exit 1 when a server does not answer, a person says no, or there is no such folder."""
    if not _full(settings) and not settings.data.is_dir():
        console.fail(f"there is no data folder {settings.data}; name it with --data")
    if not agreed and not console.confirmed(f"Is all of Kontor stopped, and is {_whose(settings)} to be deleted?"):
        console.fail("nothing was deleted")
    try:
        for line in asyncio.run(cleared(settings)):
            console.out.print(line, markup=False)
    except NotCleared as error:
        console.fail(str(error))


def _whose(settings: Settings) -> str:
    folder = f"what {settings.data} holds beside log, vault and provider's records"
    return (
        f"{settings.namespace!r} in Kafka, Redis, Cassandra and Elasticsearch, and {folder},"
        if _full(settings)
        else folder
    )


def _full(settings: Settings) -> bool:
    return settings.profile == "full"


async def cleared(settings: Settings) -> list[str]:
    """A line for whatever was there. Raises NotCleared."""
    done = list(_files(DataFolder(settings.data)))
    if not _full(settings):
        return done
    for name, clear in {"kafka": _kafka, "redis": _redis, "cassandra": _cassandra, "elasticsearch": _elastic}.items():
        try:
            done += await clear(settings)
        except Exception as error:  # each client has its own
            raise NotCleared(f"{name}: {error}; see that it answers, and do this again") from error
    return done


def _files(folder: DataFolder) -> Iterator[str]:
    for path in (folder.views, folder.books, folder.processes):
        parts = [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm")]
        if _removed(parts, Path.unlink):
            yield f"{path} deleted"
    for path in (folder.search, folder.replay):
        if _removed([path], shutil.rmtree):
            yield f"{path} deleted"


def _removed(paths: list[Path], remove: Callable[[Path], Any]) -> bool:
    there = [path for path in paths if path.exists()]
    for path in there:
        remove(path)
    return bool(there)


async def _kafka(settings: Settings) -> list[str]:
    from kontor.wiring.named import topic_of

    topic = topic_of(settings)
    return [f"topic {topic.name} deleted"] if await topic.delete() else []


async def _redis(settings: Settings) -> list[str]:
    from projections.redisviews.server import RedisServer

    (url,) = required(settings, "redis_url")
    server, count = RedisServer(url), 0
    # Rows and lists are called NAME:…, everything else NAME/…; another shop's name may begin with ours.
    pattern = f"{settings.namespace}[:/]*"
    try:
        async for key in server.client.scan_iter(match=pattern, count=SCANNED):
            count += await server.client.unlink(key)
    finally:
        await server.close()
    return [f"{count:,} Redis keys deleted"] if count else []


async def _cassandra(settings: Settings) -> list[str]:
    from kontor.wiring.named import cassandra_settings
    from projections.cassandraviews.driver import drop

    there = await asyncio.to_thread(drop, cassandra_settings(settings))
    return [f"keyspace {settings.namespace} deleted"] if there else []


async def _elastic(settings: Settings) -> list[str]:
    from kontor.wiring.named import index_of
    from projections.search.elastic.generations import Generations
    from projections.search.elastic.server import Server

    (url,) = required(settings, "elasticsearch_url")
    with closing(Server(url)) as server:
        count = await asyncio.to_thread(Generations(server, index_of(settings)).drop)
    return [f"{count} {'index' if count == 1 else 'indices'} {index_of(settings)}-* deleted"] if count else []
