"""Quotas that several processes share, by way of Redis, without a request ever waiting for it.

Each process decides by its own buckets at once, as ``Limiter`` does, and tells Redis in the background what it has
admitted; Redis pours that into the bucket that all share (the same GCRA, in one script, on Redis' clock) and answers
how full it is, which becomes the level here. A client that is spread over n processes may pass up to n times what one
process admits within ``SHARE_S`` beyond its quota, and no more. While Redis is away every process counts for itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import structlog

from commands.outage import Outage
from projections.views import ViewsUnavailable
from readapi.edge.ratelimit import POLICIES, SUBJECTS_MAX, Decision, Limiter, Policy

if TYPE_CHECKING:  # the embedded profile has no Redis client
    from projections.redisviews.server import RedisServer

SHARE_S = 0.02
AWAY_S = 0.5
SUBJECTS_PER_SCRIPT = 500

POUR = """
-- KEYS: buckets.  ARGV: for each its window and what is poured in, or out if negative, in seconds.
-- How full each is now, in microseconds.
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local filled = {}
for i, key in ipairs(KEYS) do
    local window = math.floor(ARGV[2 * i - 1] * 1000000)
    local level = math.max(tonumber(redis.call('GET', key) or 0) - now, 0)
    level = math.min(math.max(level + math.floor(ARGV[2 * i] * 1000000 + 0.5), 0), window)
    if level > 0 then
        redis.call('SET', key, string.format('%.0f', now + level), 'PX', math.ceil(level / 1000))
    else
        redis.call('DEL', key)
    end
    filled[i] = level
end
return filled
"""

log = structlog.get_logger("sharedlimits")


class SharedLimiter(Limiter):
    """Start it in the process's event loop, and close it."""

    def __init__(
        self,
        server: RedisServer,
        policies: Mapping[str, Policy] = POLICIES,
        *,
        prefix: str = "kontor",
        enabled: bool = True,
        subjects_max: int = SUBJECTS_MAX,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(policies, enabled=enabled, subjects_max=subjects_max, now=now)
        self._server = server
        self._prefix = prefix
        self._pour = server.client.register_script(POUR)
        self._untold: dict[tuple[str, str], int] = {}
        """Requests admitted since Redis was last told, less those given back, by policy and subject."""
        self._wake = asyncio.Event()
        self._outage = Outage(log, "quotas_not_shared", "quotas_shared")
        self._task: asyncio.Task[None] | None = None

    def take(self, policy: str, subject: str) -> Decision:
        decision = super().take(policy, subject)
        self._note((policy, subject), 1)
        return decision

    def give_back(self, policy: str, subject: str) -> None:
        super().give_back(policy, subject)
        if self.enabled:
            self._note((policy, subject), -1)

    def clear(self, policy: str, subject: str) -> None:
        """Here and in Redis; other processes that have counted much themselves forget it as it drains."""
        super().clear(policy, subject)
        if self.enabled:
            self._untold.pop((policy, subject), None)
            self._note((policy, subject), -self._policies[policy][0])

    def _note(self, bucket: tuple[str, str], requests: int) -> None:
        if bucket in self._untold or len(self._untold) < self._subjects_max:
            self._untold[bucket] = self._untold.get(bucket, 0) + requests
            self._wake.set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._share(), name="sharedlimits")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        with contextlib.suppress(ViewsUnavailable):
            await self._tell()

    async def _share(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            pause = SHARE_S
            try:
                await self._tell()
                self._outage.ended()
            except ViewsUnavailable as error:
                self._outage.met(error)
                pause = AWAY_S
            except Exception:  # quotas go on being counted here; a loop that died would never share them again
                log.exception("sharing_failed")
                pause = AWAY_S
            await asyncio.sleep(pause)

    async def _tell(self) -> None:
        """What cannot be told is not told later: by then it has mostly drained, and it counts here all the same."""
        untold, self._untold = [one for one in self._untold.items() if one[1]], {}
        for start in range(0, len(untold), SUBJECTS_PER_SCRIPT):
            some = untold[start : start + SUBJECTS_PER_SCRIPT]
            keys = [f"{self._prefix}/limits/{policy}/{subject}" for (policy, subject), _ in some]
            arguments: list[float] = []
            for (policy, _), requests in some:
                quota, window = self._policies[policy]
                arguments += (window, requests * window / quota)
            # mypy cannot infer the type of a lambda with defaults
            filled = await self._server.ask(lambda _, keys=keys, arguments=arguments: self._pour(keys, arguments))  # type: ignore[misc]
            now = self._now()
            for ((policy, subject), _), level in zip(some, filled, strict=True):
                buckets = self._empty_at[policy]
                quota, window = self._policies[policy]
                # Redis has yet to hear of what was admitted or given back here while it was asked.
                meanwhile = self._untold.get((policy, subject), 0) * window / quota
                buckets[subject] = max(buckets.get(subject, now), now + level / 1_000_000 + meanwhile)
