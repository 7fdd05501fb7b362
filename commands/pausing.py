"""Resting until something happens, for a while at most."""

from __future__ import annotations

import asyncio
import contextlib


async def pause(event: asyncio.Event, seconds: float | None) -> None:
    """Returns when the event is set, or after so long.

    Unlike ``asyncio.wait_for`` of Python 3.11, which may pass over being cancelled in the moment of the event: whoever
    rests so in a loop then never ends.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
