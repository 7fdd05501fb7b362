"""Several logs in files of a folder, with their order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from commands.logs.engines import Engines
from commands.logs.merged import MergedLog
from commands.logs.order import Order
from commands.store.sqlite import SQLiteLog
from tests.commands.driving import Clock


def merged(folder: Path, logs: int) -> MergedLog:
    order = Order.open(folder / "order.db", logs)
    names = ["log.db", *(f"log-{number}.db" for number in range(1, logs))]
    return MergedLog([SQLiteLog.open(folder / name) for name in names], order)


@asynccontextmanager
async def engines(folder: Path, logs: int, clock: Callable[[], int] | None = None) -> AsyncIterator[Engines]:
    several = merged(folder, logs)
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
