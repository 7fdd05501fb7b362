"""Waiting for a log that tells nobody of its commits: by looking, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

POLL_S = 0.02


async def head_beyond(head: Callable[[], Awaitable[int]], after: int, timeout: float) -> bool:
    """Whether a log's head comes to lie beyond a position within ``timeout`` seconds."""
    until = asyncio.get_running_loop().time() + timeout
    while await head() <= after:
        left = until - asyncio.get_running_loop().time()
        if left <= 0:
            return False
        await asyncio.sleep(min(POLL_S, left))
    return True
