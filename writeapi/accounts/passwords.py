"""Passwords are hashed off the event loop, two at a time, with a bounded queue.

Argon2 is slow and wants memory by design; more than two at once would leave the event loop no core to run on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from commands.errors import Overloaded

THREADS = 2
WAITING_MAX = 256
"""A few seconds' worth: whoever would wait longer had better come back."""

_T = TypeVar("_T")
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
_waiting: set[asyncio.Future[object]] = set()


async def hashing(work: Callable[[], _T]) -> _T:
    """What ``work`` returns or raises. Raises Overloaded, and starts nothing, when too many wait already."""
    if len(_waiting) >= WAITING_MAX:
        raise Overloaded
    future = asyncio.get_running_loop().run_in_executor(_threads, work)
    _waiting.add(future)  # type: ignore[arg-type]
    future.add_done_callback(_waiting.discard)
    return await future
