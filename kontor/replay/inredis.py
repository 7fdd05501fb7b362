"""Redis as a place where projections are folded anew."""

from __future__ import annotations

from typing import Any

from redis import Redis

from kontor.proving.comparing import Compared
from kontor.replay.compared import compare
from projections.generations import Role
from projections.projector import Projection
from projections.redisviews.generation import Notes, RedisGeneration
from projections.redisviews.names import Names
from projections.redisviews.reader import RedisViews
from projections.redisviews.server import RedisServer
from streams.history.replaying import Lane


class InRedis:
    """The generations of projections that Redis keeps."""

    def __init__(self, url: str, prefix: str, partitions: int) -> None:
        self._url = url
        self._client = Redis.from_url(url)
        self._prefix = prefix
        self._partitions = partitions

    def close(self) -> None:
        self._client.close()

    def generation(self, projection: Projection, role: Role) -> RedisGeneration:
        return RedisGeneration(self._client, self._prefix, projection, role, self._partitions)

    def is_live(self, projection: Projection) -> bool:
        return bool(self._client.hlen(Names(self._prefix, (projection,), self._numbers(projection)).progress[0]))

    def _numbers(self, projection: Projection) -> dict[str, int]:
        notes = Notes(self._client, self._prefix, projection)
        return {notes.name: notes.number("live") or 0}

    async def compared(self, lane: Lane) -> list[Compared]:
        generation: Any = lane.generation
        projection, server = generation.projection, RedisServer(self._url)
        live = RedisViews(server, (projection,), self._prefix, self._numbers(projection))
        new = RedisViews(server, (projection,), self._prefix, generation.names.numbers)
        try:
            return await compare("Redis", projection, live, new, lane.position)
        finally:
            await server.close()
