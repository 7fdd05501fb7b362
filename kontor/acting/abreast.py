"""Many things at one time, and not too many."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
ABREAST = 64


async def abreast(things: Iterable[T], do: Callable[[T], Awaitable[None]]) -> None:
    """``do`` for each of them; raises the first error, and leaves the rest."""
    waiting = list(things)
    waiting.reverse()

    async def work() -> None:
        while waiting:
            await do(waiting.pop())

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(ABREAST, len(waiting))):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
