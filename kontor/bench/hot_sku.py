"""``hot-sku``: 10,000 buyers want the last 100 units of one SKU; in process, every decision durable."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from commands.context import Context, new_command_id
from commands.engine import Engine, now_ms
from commands.store.sqlite import SQLiteLog
from domain.inventory.inventory import HOLD_MS, HoldStock, ReceiveStock, StockHeld
from kontor.bench.report import median, report, spread
from kontor.wiring.embedded import settle_garbage

BUYERS = 10_000
UNITS = 100
ROUNDS = 5
ITEM = "stk_shp_bench.hot"


async def run() -> dict[str, Any]:
    rates, sold = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
            rate, held = await _race(Path(folder) / "log.db")
        rates.append(rate)
        sold.append(held)
    assert sold == [UNITS] * ROUNDS, sold
    return report(
        "hot-sku",
        commands_per_s=round(median(rates)),
        target_commands_per_s=20_000,
        spread={"commands_per_s": spread(rates)},
        buyers=BUYERS,
        units=UNITS,
        sold=sold[0],
        store="sqlite, WAL, synchronous=FULL",
    )


async def _race(path: Path) -> tuple[float, int]:
    """Commands a second, from the first command to the last durable answer, and the units held."""
    log = SQLiteLog.open(path)
    engine = Engine(log)
    await engine.start()
    now = now_ms()
    await engine.submit(ReceiveStock(ITEM, UNITS, now), Context("usr_bench", new_command_id(), now))
    settle_garbage()
    started = time.perf_counter()
    answers = [
        engine.submit(
            HoldStock(ITEM, f"ord_{i:026d}", 1, now, now + HOLD_MS), Context("usr_buyer", new_command_id(), now)
        )
        for i in range(BUYERS)
    ]
    outcomes = await asyncio.gather(*answers)
    seconds = time.perf_counter() - started
    await engine.close()
    await log.close()
    held = sum(isinstance(outcome.events[0].event, StockHeld) for outcome in outcomes)
    return BUYERS / seconds, held
