"""Quotas that processes share through a real Redis, and what remains of them when it is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from projections.redisviews.server import RedisServer
from readapi.edge.problems import RateLimited
from readapi.edge.ratelimit import Policy
from readapi.edge.sharedlimits import SharedLimiter

pytestmark = pytest.mark.stack
POLICIES = {"p": Policy(20, 60), "quick": Policy(20, 1)}


class Processes:
    def __init__(self, url: str, prefix: str) -> None:
        self._url, self._prefix, self._stack = url, prefix, AsyncExitStack()

    async def limiter(self, url: str | None = None) -> SharedLimiter:
        server = RedisServer(url or self._url)
        limiter = SharedLimiter(server, POLICIES, prefix=self._prefix)
        await limiter.start()
        self._stack.push_async_callback(server.close)
        self._stack.push_async_callback(limiter.close)
        return limiter

    async def close(self) -> None:
        await self._stack.aclose()


@pytest.fixture
async def processes(redis_url: str, redis_prefix: str) -> AsyncIterator[Processes]:
    opened = Processes(redis_url, redis_prefix)
    yield opened
    await opened.close()


async def admitted(limiters: list[SharedLimiter], policy: str, attempts: int, pause: float) -> int:
    passed = 0
    for number in range(attempts):
        try:
            limiters[number % len(limiters)].take(policy, "a")
            passed += 1
        except RateLimited:
            pass
        await asyncio.sleep(pause)
    return passed


async def test_several_processes_admit_one_quota_together(processes: Processes):
    limiters = [await processes.limiter() for _ in range(3)]
    passed = await admitted(limiters, "p", 60, 0.05)
    assert 20 <= passed <= 23, "the quota, what drained meanwhile, and at most one each that was not yet told"
    with pytest.raises(RateLimited):
        limiters[0].check("p", "a")
    limiters[0].take("p", "b")


async def test_a_process_that_comes_later_is_told_at_its_first_request(processes: Processes):
    first = await processes.limiter()
    assert await admitted([first], "p", 20, 0) == 20
    await asyncio.sleep(0.2)
    second = await processes.limiter()
    second.take("p", "a")
    await asyncio.sleep(0.2)
    with pytest.raises(RateLimited):
        second.take("p", "a")


async def test_a_shared_bucket_drains(processes: Processes):
    limiters = [await processes.limiter() for _ in range(2)]
    await admitted(limiters, "quick", 60, 0.02)
    await asyncio.sleep(1.2)
    assert await admitted(limiters[:1], "quick", 10, 0) == 10


async def test_without_redis_each_counts_for_itself(processes: Processes):
    alone = await processes.limiter("redis://127.0.0.1:1/0")
    assert await admitted([alone], "p", 30, 0.001) == 20


async def test_what_is_given_back_is_given_back_to_all(processes: Processes):
    """As sign-ins are that succeed: only wrong passwords use the quota up."""
    first, second = await processes.limiter(), await processes.limiter()
    for _ in range(60):
        first.attempt("p", "a")
        await asyncio.sleep(0.01)
        first.give_back("p", "a")
    await asyncio.sleep(0.2)
    first.take("p", "a")
    second.take("p", "a")
    await asyncio.sleep(0.2)
    assert await admitted([second], "p", 30, 0) == 18


async def test_what_is_cleared_is_cleared_for_whoever_comes_to_know_of_it(processes: Processes):
    first = await processes.limiter()
    assert await admitted([first], "p", 20, 0) == 20
    await asyncio.sleep(0.2)
    first.clear("p", "a")
    await asyncio.sleep(0.2)
    second = await processes.limiter()
    assert await admitted([first, second], "p", 30, 0.03) >= 20
