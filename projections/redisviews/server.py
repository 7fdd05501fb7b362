"""One Redis server as this process uses it: a bounded pool, short waits, few retries, and a breaker in front.

Retries are safe for everything sent through here: reading, and scripts that a repetition finds done already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import FullJitterBackoff
from redis.exceptions import (
    ConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,
)

from projections.breaker import Breaker, CircuitOpen
from projections.views import ViewsUnavailable

T = TypeVar("T")
CONNECTIONS_MAX = 32
CONNECT_S = 1.0
ANSWER_S = 3.0
"""The longest script takes a few milliseconds; a server that is silent for so long is taken to be gone."""
RETRIES = 2
BACKOFF_S = (0.02, 0.2)
"""Base and cap of the pause before a retry, drawn at random below it."""
AWAY = (ConnectionError, TimeoutError, OSError, asyncio.TimeoutError)
REFUSING = (OutOfMemoryError, ReadOnlyError)
REFUSALS = ("MISCONF", "OOM", "MASTERDOWN", "NOREPLICAS", "READONLY")
"""It answers, but takes no writes now: full, its disk fails, or a replica. Beginnings, for errors inside scripts."""
REST_S = 0.5
"""How long it is left in peace when it failed repeatedly."""


class RedisServer:
    """``url`` as in ``redis://host:port/0``. Make one per process."""

    def __init__(self, url: str, *, breaker: Breaker | None = None, connections_max: int = CONNECTIONS_MAX) -> None:
        self.breaker = breaker or Breaker("Redis", rest_s=REST_S)
        self.client = Redis.from_pool(_pool(url, connections_max, RETRIES))
        # A subscription that were made again behind our back would hide that messages were missed: no retries there.
        self._subscribing = Redis.from_pool(_pool(url, 2, 0))

    async def ask(self, command: Callable[[Redis], Awaitable[T]]) -> T:
        """Raises ViewsUnavailable: at once while the breaker is open."""
        try:
            self.breaker.admit()
            async with asyncio.timeout(ANSWER_S):
                answer = await command(self.client)
        except CircuitOpen as error:
            raise ViewsUnavailable(str(error)) from None
        except AWAY as error:
            self.breaker.failed()
            raise ViewsUnavailable(f"Redis: {error}") from error
        except ResponseError as error:
            self.breaker.succeeded()
            if isinstance(error, REFUSING) or str(error).startswith(REFUSALS):
                raise ViewsUnavailable(f"Redis: {error}") from error
            raise
        self.breaker.succeeded()
        return answer

    def subscription(self) -> Any:
        """A PubSub on a connection of its own that is never renewed silently. To be closed by the caller."""
        return self._subscribing.pubsub()

    async def close(self) -> None:
        await self.client.aclose(close_connection_pool=True)
        await self._subscribing.aclose(close_connection_pool=True)


def _pool(url: str, connections_max: int, retries: int) -> BlockingConnectionPool:
    base, cap = BACKOFF_S
    return BlockingConnectionPool.from_url(
        url,
        max_connections=connections_max,
        timeout=ANSWER_S,
        # Set, it would send each command by asyncio.wait_for: a task more for each, and before Python 3.12 that now and
        # then swallows a cancellation. ``ask`` bounds the whole instead.
        socket_timeout=None,
        socket_connect_timeout=CONNECT_S,
        socket_keepalive=True,
        retry=Retry(FullJitterBackoff(cap=cap, base=base), retries),
        # The older protocol: answers to PING come in order with the messages of a subscription, which we rely on.
        protocol=2,
    )
