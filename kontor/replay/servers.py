"""Where the full profile's projections are folded anew: beside the live ones, in Redis and in Cassandra."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from cassandra import DriverException
from cassandra.cluster import NoHostAvailable
from redis import RedisError

from kontor.proving.comparing import Compared
from kontor.replay.logs import Followed
from kontor.replay.part import Work
from kontor.replay.parting import PartFailed, Parting
from kontor.replay.rebuilding import Place, Refused
from kontor.replay.serverlog import opened_servers
from kontor.settings import Settings, log_urls, required
from projections.beside import Beside
from projections.generations import Role
from projections.projector import Projection
from projections.views import ViewsUnavailable
from streams.history.replaying import Lane, Part, Read, Replaying, is_parted


class Exchanged(Beside, Protocol):
    """A generation in a server."""

    def exchange(self, position: int) -> bool: ...

    def tidy(self) -> None: ...


class Store(Protocol):
    """One of the servers."""

    def generation(self, projection: Projection, role: Role) -> Exchanged: ...

    def is_live(self, projection: Projection) -> bool: ...

    async def compared(self, lane: Lane) -> list[Compared]: ...


class InServers:
    """Each projection in the server that keeps it."""

    def __init__(self, log: Followed, stores: dict[str, Store], settings: Settings, jobs: int) -> None:
        """``stores`` by projection. ``jobs`` is how many processes fold."""
        self.read: Read = log.read
        self._log = log
        self._stores = stores
        self._settings = settings
        self._jobs = jobs

    def generation(self, projection: Projection, role: Role) -> Beside:
        return self._stores[projection.name].generation(projection, role)

    def upto(self) -> int:
        """Workers come after the log: what is folded up to its head is ahead of them."""
        return self._log.head()

    def parting(self, begun: Mapping[str, int], upto: int) -> Parting | None:
        from kontor.wiring.stores import IN_REDIS

        apart = [one for one in IN_REDIS if one.name in begun and is_parted(one)]
        if self._jobs == 1 or len(apart) < len(begun) or upto <= min(begun.values()):
            return None
        (redis_url,) = required(self._settings, "redis_url")
        where = (log_urls(self._settings), redis_url, self._settings.namespace)
        work = Work(*where, dict(begun), upto, Part(0, self._jobs), self._settings.log_level, sys.getswitchinterval())
        generations: list[Any] = [self.generation(one, "_next") for one in apart]
        return Parting(work, self._jobs, {one.projection.name: one.reach for one in generations})

    def is_live(self, projection: Projection) -> bool:
        return self._stores[projection.name].is_live(projection)

    def compared(self, lane: Lane) -> list[Compared]:
        return asyncio.run(self._stores[lane.generation.projection.name].compared(lane))

    def exchange(self, replaying: Replaying, role: Role) -> bool:
        (lane,) = replaying.lanes
        replaying.finish(self.upto())
        generation: Any = lane.generation
        return bool(generation.exchange(lane.position))

    def tidy(self, projection: Projection) -> None:
        self._stores[projection.name].generation(projection, "_gone").tidy()


@contextmanager
def servers(settings: Settings, projections: Sequence[Projection], jobs: int = 1) -> Iterator[Place]:
    """Of these projections. ``jobs`` as for ``InServers``. Raises UnusableLog, Refused."""
    from kontor.wiring.named import cassandra_settings
    from kontor.wiring.stores import IN_CASSANDRA, IN_REDIS

    in_redis = [one.name for one in projections if one in IN_REDIS]
    in_cassandra = [one.name for one in projections if one in IN_CASSANDRA]
    with ExitStack() as stack:
        log, replayers = stack.enter_context(opened_servers(log_urls(settings)))
        if not replayers.alone(settings.namespace):
            raise Refused("another replay is at work on these servers; wait until it ends")
        stores: dict[str, Store] = {}
        try:
            if in_redis:
                from kontor.replay.inredis import InRedis

                (redis_url,) = required(settings, "redis_url")
                redis = InRedis(redis_url, settings.namespace, settings.partitions)
                stack.callback(redis.close)
                stores |= dict.fromkeys(in_redis, redis)
            if in_cassandra:
                from kontor.replay.incassandra import InCassandra

                cassandra = InCassandra(cassandra_settings(settings), settings.partitions)
                stack.callback(cassandra.close)
                stores |= dict.fromkeys(in_cassandra, cassandra)
            yield InServers(log, stores, settings, jobs)
        except PartFailed as error:
            raise Refused(str(error)) from error
        except (RedisError, ViewsUnavailable, DriverException, NoHostAvailable) as error:
            raise Refused(f"{type(error).__name__}: {error}; what was folded stays, try again") from error
