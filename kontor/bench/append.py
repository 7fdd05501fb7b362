"""``append``: commands a second through the whole write path, and what the store does with the same rows alone."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commands.context import Context, new_command_id
from commands.engine import Engine, now_ms
from commands.store.port import Row
from commands.store.sqlite import INSERT, LOG_FILE, SCHEMA, SQLiteLog
from domain.inventory import ReceiveStock
from kontor.bench.report import median, report
from kontor.embedded import settle_garbage

COMMANDS = 40_000
WAITING = 2_000
"""Callers that each wait for their answer before they ask again."""
SKUS = 2_000
ROUNDS = 3


async def run() -> dict[str, Any]:
    engine_rates, raw_rates, ratios, sizes = [], [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
            rate, rows, batches = await _through_the_engine(Path(folder) / "log.db")
            limit = _raw(Path(folder) / "raw.db", rows, batches)
        engine_rates.append(rate)
        raw_rates.append(limit)
        ratios.append(rate / limit)
        sizes.append(len(rows) / len(batches))
    return report(
        "append",
        events_per_s=round(median(engine_rates)),
        raw_insert_events_per_s=round(median(raw_rates)),
        ratio=round(median(ratios), 3),
        target_ratio=0.6,
        events_per_commit=round(median(sizes)),
        bytes_per_event=sum(len(part) for row in rows[:1000] for part in row[4:]) // 1000,
        store="sqlite, WAL, synchronous=FULL",
    )


async def _through_the_engine(path: Path) -> tuple[float, list[Row], list[int]]:
    """Events per second, the rows written and how many each commit took."""
    log = SQLiteLog.open(path)
    engine = Engine(log)
    await engine.start()
    batches: list[int] = []
    engine.listeners.append(lambda events: batches.append(len(events)))
    settle_garbage()
    remaining = iter(range(COMMANDS))

    async def caller() -> None:
        for i in remaining:
            now = now_ms()
            command = ReceiveStock(f"stk_shp_bench.{i % SKUS:05d}", 5, now)
            await engine.submit(command, Context("usr_bench", new_command_id(), now))

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(WAITING)))
    seconds = time.perf_counter() - started
    await engine.close()
    rows = log.read_now(0, COMMANDS)
    await log.close()
    assert len(rows) == COMMANDS
    return COMMANDS / seconds, rows, batches


def _raw(path: Path, rows: Sequence[Row], batches: Sequence[int]) -> float:
    """The same rows into the same table, as many a commit, and nothing else."""
    connection: sqlite3.Connection = LOG_FILE.connect(path, synchronous="FULL")
    connection.executescript(SCHEMA)
    done = 0
    started = time.perf_counter()
    for size in batches:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, rows[done : done + size])
        connection.execute("COMMIT")
        done += size
    seconds = time.perf_counter() - started
    connection.close()
    return len(rows) / seconds
