"""``start`` and ``memory``: what a long history costs. A million events in the log, then a start, timed and weighed."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from commands.context import Context, new_command_id
from domain.inventory.inventory import ReceiveStock
from kontor.bench.client import Client
from kontor.bench.house import Running, demo, serving
from kontor.bench.report import report
from kontor.settings import Settings
from kontor.wiring.embedded import embedded

EVENTS = 1_000_000
STREAMS = 50_000
WAITING = 1_000
PART = 100_000


async def run(events: str = str(EVENTS)) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        data = Path(folder)
        grown = await _write(data, int(events))
        started = time.perf_counter()
        with serving(data) as running:
            ready = time.perf_counter() - started
            resident = await _resident_after_use(running)
        demo = await _demo_resident(data / "demo")
        bare = _bare_start()
    return report(
        "history",
        events=int(events),
        start_s=round(ready, 2),
        target_start_s=2.0,
        bare_interpreter_with_imports_s=round(bare, 2),
        resident_serving_mb=round(resident),
        demo_resident_mb=round(demo),
        target_demo_mb=250,
        peak_while_writing_mb=grown,
        note="peak_while_writing_mb: peak resident memory of the writing process after each tenth of the events",
    )


async def _write(data: Path, events: int) -> list[int]:
    """Events through the whole write path with views and search; the process's peak memory as it goes (MB)."""
    peaks = []
    async with embedded(Settings(data=data)) as services:
        engine = services.engine
        remaining = iter(range(events))

        async def caller() -> None:
            for i in remaining:
                command = ReceiveStock(f"stk_shp_bench.{i % STREAMS:06d}", 5, services.clock())
                await engine.submit(command, Context("usr_bench", new_command_id(), services.clock()))
                if i % PART == PART - 1:
                    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)

        await asyncio.gather(*(caller() for _ in range(WAITING)))
        await services.follower.wait_for(engine.position, 600)
    return peaks


async def _resident_after_use(running: Running) -> float:
    client = Client(running.host, running.port)
    for _ in range(200):
        await client.get("/api/products?limit=20")
    client.close()
    return resident_mb(running.pid)


def resident_mb(pid: int) -> float:
    """Of a process that runs now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def _demo_resident(data: Path) -> float:
    """Of the demo, loaded in the same process and then browsed."""
    with demo(data) as running:
        client = Client(running.host, running.port)
        for word in ("laptop", "printer", "cable", "monitor", "hp", "usb"):
            for page in range(1, 8):
                found = await client.get(f"/api/products?q={word}&page={page}")
                for item in found.json()["items"]:
                    await client.get(f"/api/products/{item['productId']}")
        client.close()
        return resident_mb(running.pid)


def _bare_start() -> float:
    """The limit: the interpreter and our imports, and nothing done."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import kontor.wiring.embedded, writeapi.app"], check=True)
    return time.perf_counter() - started
