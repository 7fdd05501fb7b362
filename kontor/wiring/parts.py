"""What runs beside other parts of a process, and the order in which they begin and end."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Protocol


class Part(Protocol):
    """What runs beside others from ``start`` until ``close``."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...


async def begun(stack: AsyncExitStack, *parts: Part) -> None:
    """Starts them in order; they are closed the other way round."""
    for part in parts:
        await part.start()
        stack.push_async_callback(part.close)
