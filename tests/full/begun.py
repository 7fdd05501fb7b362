"""Processes of Kontor that are begun within moments: forked from one that has imported everything and done nothing.

Importing is half of what a start costs, and many tests have a house to themselves. ``python -m kontor``, as users begin
it, is what the shared house runs, and whatever is killed and started again.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path

IMPORTED = [
    f"kontor.{name}" for name in ("cli", "serving.running", "serving.working", "serving.gateway", "wiring.full")
]


class Forked:
    """As much of ``subprocess.Popen`` as is asked of a process."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        log.touch()
        self._process = _context().Process(target=_kontor, args=(arguments, dict(environment), log), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("kontor", timeout or 0)
        return self._process.exitcode


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*IMPORTED, "kontor.day.life"])
    return context


def _kontor(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    sys.argv = ["kontor", *arguments]
    from kontor.entry import main

    main()
