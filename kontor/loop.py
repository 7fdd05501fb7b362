"""The event loop of a command. It stands apart from the services, so that who only looks waits for no HTTP code."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

from commands.errors import UnusableLog
from kontor import console

SWITCH_S = 0.0002
"""How long a thread may keep the interpreter when another wants it. The disk's thread needs it for moments only, and
with Python's 5 ms it would wait longer for those than for the disk."""


def run(main: Coroutine[Any, Any, None]) -> None:
    """uvloop where there is one. A log that cannot be used becomes one line and exit 1, Ctrl-C exit 130."""
    sys.setswitchinterval(SWITCH_S)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(main)
    except UnusableLog as error:
        console.fail(str(error))
    except KeyboardInterrupt:
        console.fail("interrupted", 130)


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:  # not made for this platform; asyncio's own loop does the same, slower
        return None
    return uvloop.new_event_loop
