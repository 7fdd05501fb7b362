"""An engine on a log of each kind that can be made to fail."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from commands import engine as module
from commands.engine import Engine
from commands.store.memory import MemoryLog
from commands.store.port import Row
from commands.store.sqlite import SQLiteLog
from tests.commands.driving import (
    Clock,
)
from tests.commands.faulty import FaultyLog


def log_at(where: str) -> Any:
    """The log in a file or on a Postgres server, by path or URL."""
    if where.startswith("postgresql://"):
        from commands.store.postgres import PostgresLog

        return PostgresLog.open(where)
    return SQLiteLog.open(Path(where))


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.stack)])
async def log(request, tmp_path):
    where = request.getfixturevalue("postgres") if request.param == "postgres" else str(tmp_path / "log.db")
    real = MemoryLog() if request.param == "memory" else log_at(where)
    yield FaultyLog(real)
    await real.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def engine(log, clock, monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.001)
    started = Engine(log, clock=clock)
    await started.start()
    yield started
    if log.gate is not None:
        log.gate.set()  # a test that failed before it opened it would never end
    await started.close()


async def tamper(real: Any, statement: str) -> None:
    """Changes the log behind everybody's back."""
    if isinstance(real, SQLiteLog):
        real._writer.execute(statement)
        return
    async with await real.server.connect_async() as connection:
        await connection.execute(statement)


async def rows_of(log: Any) -> list[Row]:
    rows = list(await log.read(0, 1_000_000))
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    return rows


async def settle(*futures: Any) -> list[Any]:
    return await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 10)
