"""Waiting for what something else brings about."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], object], seconds: float = 30, what: object = "") -> None:
    """Fails after that long, and says ``what`` is to be seen then, which may be asked for by a call."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what() if callable(what) else what}"
        await asyncio.sleep(0.01)
