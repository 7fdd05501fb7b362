"""Where the full profile's projections are folded anew: beside the live ones, in Redis and in Cassandra."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import psycopg
from cassandra import DriverException
from cassandra.cluster import NoHostAvailable
from redis import RedisError

from commands.store.server import Server
from kontor.comparing import Compared
from kontor.evidence import COLUMNS, Damaged
from kontor.replay.rebuilding import Place, Refused
from kontor.settings import Settings, required
from projections.beside import Beside
from projections.generations import Role
from projections.projector import Projection
from projections.views import ViewsUnavailable
from streams.replaying import Lane, Read, Replaying

LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"


class ServerLog:
    """The log in Postgres as it goes on. Methods raise Damaged."""

    def __init__(self, connection: psycopg.Connection[Any], server: Server) -> None:
        self._connection = connection
        self._server = server

    def head(self) -> int:
        return int(self._all("SELECT coalesce(max(position), 0) FROM events")[0][0])

    def read(self, after: int, upto: int, others: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        query = f"SELECT {COLUMNS} FROM events WHERE position > %s AND position <= %s AND topic <> ALL(%s) "
        return self._all(query + "ORDER BY position", after, upto, list(others))

    def alone(self, name: str) -> bool:
        """Whether nobody else replays there, until the connection is closed."""
        return bool(self._all(LOCK, f"kontor replay {name}")[0][0])

    def _all(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query.encode(), parameters, binary=True).fetchall()
        except psycopg.Error as error:
            raise Damaged(f"the event log at {self._server} cannot be read: {self._server.mask(error)}") from None


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

    def __init__(self, log: ServerLog, stores: dict[str, Store]) -> None:
        """``stores`` by projection."""
        self.read: Read = log.read
        self._log = log
        self._stores = stores

    def generation(self, projection: Projection, role: Role) -> Beside:
        return self._stores[projection.name].generation(projection, role)

    def upto(self) -> int:
        """Workers come after the log: what is folded up to its head is ahead of them."""
        return self._log.head()

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
def servers(settings: Settings, projections: Sequence[Projection]) -> Iterator[Place]:
    """Of these projections. Raises UnusableLog, Refused."""
    from kontor.named import cassandra_settings
    from kontor.stores import IN_CASSANDRA, IN_REDIS

    (postgres_url,) = required(settings, "postgres_url")
    in_redis = [one.name for one in projections if one in IN_REDIS]
    in_cassandra = [one.name for one in projections if one in IN_CASSANDRA]
    with ExitStack() as stack:
        server = Server.at(postgres_url)
        log = ServerLog(stack.enter_context(server.connect()), server)
        if not log.alone(settings.namespace):
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
            yield InServers(log, stores)
        except (RedisError, ViewsUnavailable, DriverException, NoHostAvailable) as error:
            raise Refused(f"{type(error).__name__}: {error}; what was folded stays, try again") from error
