"""What a replay last said of itself: ``kontor/replay``, bytes that only its reader and its writer understand."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from redis import Redis, RedisError

from projections.redisviews.names import PREFIX
from projections.redisviews.server import RedisServer

ANSWER_S = 1.0
REST_S = 10.0
"""After a failure: a replay does not wait for a server that it may not even need."""


def _name(prefix: str) -> str:
    return f"{prefix}/replay"


async def news(server: RedisServer, prefix: str = PREFIX) -> bytes | None:
    """Raises ViewsUnavailable."""
    said: Any = await server.ask(lambda client: client.get(_name(prefix)))
    return None if said is None else bytes(said)


class NewsToRedis:
    """For the process that replays. Says nothing of it when Redis is away."""

    def __init__(self, url: str, prefix: str = PREFIX) -> None:
        self._client = Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)
        self._name = _name(prefix)
        self._rests_until = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def put(self, said: bytes) -> None:
        if time.monotonic() < self._rests_until:
            return
        try:
            self._client.set(self._name, said)
        except RedisError:
            self._rests_until = time.monotonic() + REST_S
