"""Signals in Redis: what each session opened, and what led somewhere, by day. Under the prefix and ``/signals``:

``viewed/<session>``: sorted set, products by when they were opened; a month after the last
``sessions``: sorted set, those that have such a list, by when they opened something last; the oldest go
``once/<day>``: set, what counted already; two days
``searched/<day>``: sorted set, words by how many sessions searched for them
``led/<day>``: the same, by how many went on from there
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import Any, TypeVar

from redis.asyncio import Redis

from projections.redisviews.names import PREFIX
from projections.redisviews.server import RedisServer
from projections.views import ViewsUnavailable
from streams.signals.port import ASKED_MAX, COUNTED_MAX, DAYS, VIEWED_DAYS, VIEWED_MAX, Asked, SignalsAway, ranked
from streams.signals.signal import DAY_MS, Signal

DAY_S = DAY_MS // 1000
SESSIONS_MAX = 100_000
"""That viewed something; of 50 views each they take 200 MB."""
T = TypeVar("T")

COUNT = """
-- KEYS: what counted, words that were searched for, words that led somewhere.
-- ARGV: how many may count, seconds that each key is kept; then step, digest and words of each signal.
local counted = redis.call('SCARD', KEYS[1])
for i = 5, #ARGV, 3 do
    if counted < tonumber(ARGV[1]) and redis.call('SADD', KEYS[1], ARGV[i + 1]) == 1 then
        counted = counted + 1
        redis.call('ZINCRBY', ARGV[i] == 'searched' and KEYS[2] or KEYS[3], 1, ARGV[i + 2])
    end
end
for i, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[i + 1]) end
"""

VIEW = """
-- KEYS: sessions.  ARGV: what keys of theirs begin with, how many sessions and views of each there may be, seconds that
-- a session is kept; then session, product and instant of each signal.
for i = 5, #ARGV, 3 do
    local key = ARGV[1] .. ARGV[i]
    redis.call('ZADD', key, 'GT', ARGV[i + 2], ARGV[i + 1])
    redis.call('ZREMRANGEBYRANK', key, 0, -ARGV[3] - 1)
    redis.call('EXPIRE', key, ARGV[4])
    redis.call('ZADD', KEYS[1], 'GT', ARGV[i + 2], ARGV[i])
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
local over = redis.call('ZCARD', KEYS[1]) - ARGV[2]
if over > 0 then
    local oldest = redis.call('ZPOPMIN', KEYS[1], over)
    for i = 1, #oldest, 2 do redis.call('DEL', ARGV[1] .. oldest[i]) end
end
"""


class RedisSignals:
    """Scripts use names that are not among their keys: one primary with replicas, not a cluster."""

    def __init__(
        self,
        server: RedisServer,
        prefix: str = PREFIX,
        *,
        counted_max: int = COUNTED_MAX,
        sessions_max: int = SESSIONS_MAX,
    ) -> None:
        self._server = server
        self._prefix = f"{prefix}/signals"
        self._counted_max = counted_max
        self._sessions_max = sessions_max
        self._count = server.client.register_script(COUNT)
        self._view = server.client.register_script(VIEW)

    async def take(self, signals: Sequence[Signal]) -> None:
        worded = sorted((one for one in signals if one.text), key=lambda one: one.day)
        for day, some in groupby(worded, lambda one: one.day):
            told = [part for one in some for part in (one.step, one.once, one.text)]
            keys = [self._of_day(name, day) for name in ("once", "searched", "led")]
            arguments = [self._counted_max, 2 * DAY_S, *[(DAYS + 1) * DAY_S] * 2, *told]
            # mypy cannot infer the type of a lambda with defaults
            await self._ask(lambda _, keys=keys, arguments=arguments: self._count(keys, arguments))  # type: ignore[misc]
        opened = [part for one in signals if one.kind == "click" for part in (one.session, one.product_id, one.at)]
        if opened:
            limits = (self._of(""), self._sessions_max, VIEWED_MAX, VIEWED_DAYS * DAY_S)
            await self._ask(lambda _: self._view((f"{self._prefix}/sessions",), (*limits, *opened)))

    async def viewed(self, session: str) -> list[str]:
        found: Any = await self._ask(lambda client: client.zrevrange(self._of(session), 0, VIEWED_MAX - 1))
        return [product_id.decode() for product_id in found]

    async def asked(self, at: int) -> list[Asked]:
        days = range(at // DAY_MS, at // DAY_MS - DAYS, -1)
        led = [await self._best(day) for day in days]
        texts = list({text for one in led for text in one})
        searched: dict[str, int] = {}
        for day in days if texts else ():
            key = self._of_day("searched", day)
            # mypy cannot infer the type of a lambda with defaults
            scores: Any = await self._ask(lambda client, key=key: client.zmscore(key, texts))  # type: ignore[misc]
            for text, score in zip(texts, scores, strict=True):
                searched[text] = searched.get(text, 0) + int(score or 0)
        return ranked(led, searched)

    async def forget(self, session: str) -> None:
        await self._ask(lambda client: client.delete(self._of(session)))

    async def _best(self, day: int) -> dict[str, int]:
        key = self._of_day("led", day)
        found: Any = await self._ask(lambda client: client.zrevrange(key, 0, ASKED_MAX - 1, withscores=True))
        return {text.decode(): int(score) for text, score in found}

    async def _ask(self, command: Callable[[Redis], Awaitable[T]]) -> T:
        try:
            return await self._server.ask(command)
        except ViewsUnavailable as error:
            raise SignalsAway(str(error)) from error

    def _of(self, session: str) -> str:
        return f"{self._prefix}/viewed/{session}"

    def _of_day(self, name: str, day: int) -> str:
        return f"{self._prefix}/{name}/{day}"
