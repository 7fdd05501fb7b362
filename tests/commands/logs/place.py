"""Several logs in files of a folder, or on servers, with their order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from commands.logs.engines import Engines
from commands.logs.merged import MergedLog
from commands.logs.order_file import FileOrder
from commands.store.sqlite import SQLiteLog
from kontor.proving.verifying import Problem, verify
from tests.commands.driving import Clock

Place = Path | Sequence[str]


def merged(place: Place, logs: int) -> MergedLog:
    """In a folder, or on the first of some servers."""
    if not isinstance(place, Path):
        from commands.logs.served import ServedLogs, open_served

        return ServedLogs(*open_served(place[:logs], 0))
    order = FileOrder.open(place / "order.db", logs)
    names = ["log.db", *(f"log-{number}.db" for number in range(1, logs))]
    return MergedLog([SQLiteLog.open(place / name) for name in names], order)


def problems(place: Place, logs: int) -> list[Problem]:
    """As ``kontor verify`` finds them."""
    return verify(place / "log.db" if isinstance(place, Path) else tuple(place[:logs])).problems


@asynccontextmanager
async def engines(place: Place, logs: int, clock: Callable[[], int] | None = None) -> AsyncIterator[Engines]:
    several = merged(place, logs)
    engine = Engines(several, clock=clock or Clock())
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()
        await several.close()


async def settled(engine: Any) -> None:
    """Nothing has been written for a moment, and everything is in the order."""
    seen = -1
    while seen != await engine.log.head():
        seen = await engine.log.head()
        await asyncio.sleep(0.05)
        await engine.log.cut()


def named(kind: str, log: int, several: MergedLog) -> str:
    """A stream of the kind that lies in a certain log."""
    names = (f"{kind}_{number}" for number in range(10_000))
    return next(name for name in names if several.directory.home_of(name) == log)
