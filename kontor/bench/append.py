"""``append``: commands a second through the whole write path, and what the store does with the same rows alone."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from commands.context import Context, new_command_id
from commands.engine import Engine, now_ms
from commands.store.port import EventLog, Row
from commands.store.sqlite import INSERT, LOG_FILE, SCHEMA, SQLiteLog
from domain.inventory.inventory import ReceiveStock
from kontor.bench.report import median, report, spread
from kontor.wiring.embedded import settle_garbage

COMMANDS = 40_000
WAITING = 2_000
"""Callers that each wait for their answer before they ask again."""
SKUS = 2_000
ROUNDS = 3


class Driven(NamedTuple):
    """What a process did, by the machine's clock and its own processor time."""

    began: float
    ended: float
    cpu_s: float
    batches: list[int]
    """Events of each commit."""


async def run(*options: str) -> dict[str, Any] | list[dict[str, Any]]:
    """``--store sqlite|postgres``, and on Postgres ``--processes N`` that write into one log."""
    parser = ArgumentParser(prog="kontor bench append")
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--processes", type=int, choices=range(1, 17), metavar="1..16", default=1)
    chosen = parser.parse_args(options)
    if chosen.store == "postgres":
        from kontor.bench.append_postgres import run as run_postgres

        return await run_postgres(chosen.processes)
    if chosen.processes > 1:
        parser.error("--processes is for --store postgres")
    return await run_sqlite()


async def run_sqlite() -> dict[str, Any]:
    engine_rates, raw_rates, ratios, sizes = [], [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
            rate, rows, batches = await _through_the_engine(Path(folder) / "log.db")
            limit = insert_raw(Path(folder) / "raw.db", rows, batches)
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
        spread={"ratio": spread(ratios)},
        events_per_commit=round(median(sizes)),
        bytes_per_event=sum(len(part) for row in rows[:1000] for part in row[4:]) // 1000,
        store="sqlite, WAL, synchronous=FULL",
    )


async def _through_the_engine(path: Path) -> tuple[float, list[Row], list[int]]:
    """Events per second, the rows written and how many each commit took."""
    log = SQLiteLog.open(path)
    driven = await drive(log, COMMANDS)
    rows = log.read_now(0, COMMANDS)
    await log.close()
    assert len(rows) == COMMANDS
    return COMMANDS / (driven.ended - driven.began), rows, driven.batches


async def drive(
    log: EventLog, commands: int, skus: Sequence[int] = range(SKUS), started: Callable[[], None] = lambda: None
) -> Driven:
    """So many commands through an engine of their own. ``started`` is called when all is ready, and may wait."""
    return await drive_engine(Engine(log), commands, skus, started)


async def drive_engine(
    engine: Engine, commands: int, skus: Sequence[int] = range(SKUS), started: Callable[[], None] = lambda: None
) -> Driven:
    await engine.start()
    batches: list[int] = []
    engine.listeners.append(lambda events: batches.append(len(events)))
    settle_garbage()
    remaining = iter([ReceiveStock(f"stk_shp_bench.{skus[i % len(skus)]:05d}", 5, now_ms()) for i in range(commands)])

    async def caller() -> None:
        for command in remaining:
            await engine.submit(command, Context("usr_bench", new_command_id(), command.at))

    started()
    began, used = time.time(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(WAITING)))
    ended, used = time.time(), time.process_time() - used
    await engine.close()
    return Driven(began, ended, used, batches)


def insert_raw(path: Path, rows: Sequence[Row], batches: Sequence[int]) -> float:
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
