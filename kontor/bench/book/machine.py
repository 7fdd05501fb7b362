"""What a run was measured on: processor, memory, versions; and how fast the machine was just then."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from statistics import median

from msgspec import Struct

ROUNDS = 5
LOOPS = 300_000
SYNCS = 40
PAGE = bytes(4096)


class Machine(Struct, frozen=True):
    processor: str
    cpus: int
    memory_gb: float
    system: str
    python: str
    sqlite: str
    servers: dict[str, str]
    """Of those that the environment names: version, and how durably it is set to write."""


class Pace(Struct, frozen=True):
    """The same small works each time: what a machine does that is shared or saves power changes by the hour."""

    loop_ms: float
    """A loop of plain Python."""
    sync_ms: float
    """4 KB written and on the disk."""
    load: float
    """Processes that ran or wanted to, on average of the minute before."""


def machine(servers: dict[str, str]) -> Machine:
    return Machine(
        processor=_line_of("/proc/cpuinfo", "model name") or platform.machine(),
        cpus=os.cpu_count() or 1,
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        servers=servers,
    )


def pace() -> Pace:
    load = os.getloadavg()[0]
    return Pace(_ms(ROUNDS, _loop), _sync_ms(), round(load, 2))


def code() -> str | None:
    """Which commit it is, with ``-dirty`` where files differ from it; None outside a checkout."""
    try:
        asked = ["git", "describe", "--always", "--dirty", "--exclude=*"]
        return subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _loop() -> None:
    total = 0
    for number in range(LOOPS):
        total += number * number


def _sync_ms() -> float:
    with tempfile.TemporaryFile(prefix="kontor-bench-") as file:

        def sync() -> None:
            os.pwrite(file.fileno(), PAGE, 0)
            os.fsync(file.fileno())

        return _ms(SYNCS, sync)


def _ms(rounds: int, work: Callable[[], None]) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return round(median(took), 3)


def _line_of(path: str, key: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return next((line.partition(":")[2].strip() for line in file if line.startswith(key)), "")
    except OSError:
        return ""
