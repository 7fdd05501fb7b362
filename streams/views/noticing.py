"""The reading side's progress in Redis, by the notices that writers publish, and the caches that go by them.

Why a client reads its own writes, though pages are cached: writing a batch and publishing its notice are one step in
Redis, notices arrive in the order of the writes, and here a notice first drops what caches hold of the rows it names
and only then moves ``position``, with nothing in between. So once ``position`` is at p, a page kept in a cache was made
of rows read after every write up to p, or shows no row that those wrote. A page that was being made at that moment is
neither kept nor shared with later readers if it shows such a row (``Pages.changed``). And rows are read from the
primary that the notice came from.

Notices can be missed only when the subscription breaks. Then everything cached is dropped, and again in the same
moment in which ``position`` is set to what the store says after the next subscription stands. A store that was flushed
has another life or none, which its next notice or the next check tells; until then it answers nothing. The check is
progress read aside, then a ping down the subscription: when that returns, every notice of that progress has come
before. Whatever does not fit is treated like a broken subscription.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import structlog

from commands.outage import Outage
from projections.redisviews import notice
from projections.redisviews.notice import Notice
from projections.redisviews.reader import RedisViews
from projections.redisviews.server import ANSWER_S, AWAY
from projections.views import ViewsUnavailable
from streams.views.progress import Progress
from streams.views.reached import Reached

CHECK_S = 1.0
RETRY_S = 0.25

log = structlog.get_logger("noticing")


class Missed(Exception):
    """Notices may have been lost."""


class Noticing(Progress):
    """Follows what workers write to ``views``. Listeners must be there before ``start``."""

    def __init__(self, views: RedisViews, partitions: int) -> None:
        super().__init__(Reached(partitions), Outage(log, "notices_missed", "notices_again"))
        self.changed: list[Callable[[Notice], None]] = []
        """Called with each notice."""
        self.missed: list[Callable[[], None]] = []
        """Called when notices may have been lost: nothing cached can be trusted."""
        self._views = views
        self._born: bytes | None = None

    async def _learn(self) -> None:
        while True:
            subscription = self._views.server.subscription()
            try:
                async with asyncio.timeout(ANSWER_S):
                    await subscription.subscribe(self._views.names.changes)
                await self._listen(subscription)
            except (Missed, ViewsUnavailable, *AWAY) as error:
                self._outage.met(error)
            except Exception:
                log.exception("noticing_failed")
            finally:
                self._forget()
                await subscription.aclose()
            await asyncio.sleep(RETRY_S * random.uniform(0.5, 1.5))

    async def _listen(self, subscription: Any) -> None:
        """Raises Missed, ViewsUnavailable and errors of the connection."""
        clock = asyncio.get_running_loop().time
        if await _next(subscription, ANSWER_S) is None:
            raise Missed("no answer to the subscription")
        await self._synchronize()
        self._outage.ended()
        check_at = clock() + CHECK_S
        while True:
            message = await _next(subscription, max(0.0, check_at - clock()))
            if message is not None:
                await self._take(message)
            elif clock() >= check_at:
                await self._check(subscription)
                check_at = clock() + CHECK_S

    async def _synchronize(self) -> None:
        born, progress = await self._views.life()
        # Both without a pause: what was cached while the store was asked may be older than what it said.
        self._forget()
        self._born = born
        self._reached.replace(progress)

    async def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            raise Missed("subscribed anew")
        if message["type"] != "message":
            return
        told = notice.read(message["data"])
        fell = any(at < self._reached.get(partition) for partition, at in told.reached.items())
        if not told.reached or told.born != self._born or fell:
            await self._synchronize()
            return
        for listener in self.changed:
            listener(told)
        for partition, at in told.reached.items():
            self._reached.advance(partition, at)

    async def _check(self, subscription: Any) -> None:
        """Whether what the notices say is what the store says."""
        before = self._reached.all()
        born, progress = await self._views.life()
        await subscription.ping()
        until = asyncio.get_running_loop().time() + ANSWER_S
        while True:
            message = await _next(subscription, max(0.0, until - asyncio.get_running_loop().time()))
            if message is None:
                raise Missed("no answer to a ping")
            if message["type"] == "pong":
                break
            await self._take(message)
        fell = any(progress.get(partition, 0) < at for partition, at in before.items())
        behind = any(self._reached.get(partition) < at for partition, at in progress.items())
        if born != self._born or fell or behind:
            await self._synchronize()

    def _forget(self) -> None:
        for listener in self.missed:
            listener()


async def _next(subscription: Any, timeout: float) -> dict[str, Any] | None:
    """None when nothing came within ``timeout`` seconds."""
    message: dict[str, Any] | None = await subscription.get_message(timeout=timeout)
    return message
