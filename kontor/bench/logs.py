"""``logs``: commands a second on one, two and four logs, by a process for each log, and by one process for all.

The limit of the same run: the same rows in as many a commit inserted into as many files at once, and nothing else.
Where one process writes all of them, it also puts them in their order; ``ordered_after_ms`` is how long after the last
answer the last event had its place.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from commands.logs.engines import Engines
from commands.logs.merged import MergedLog
from commands.logs.order_file import FileOrder
from commands.store.sqlite import SQLiteLog
from kontor import console
from kontor.bench.append import COMMANDS, SKUS, Driven, drive, drive_engine, insert_raw
from kontor.bench.report import report

LOGS = (1, 2, 4)


async def run(*options: str) -> list[dict[str, Any]]:
    """``--commands N``, of all logs together."""
    parser = ArgumentParser(prog="kontor bench logs")
    parser.add_argument("--commands", type=int, default=COMMANDS)
    commands = parser.parse_args(options).commands
    apart = [await asyncio.to_thread(_apart, logs, commands) for logs in LOGS]
    return apart + [await _together(logs, commands) for logs in LOGS]


def _apart(logs: int, commands: int) -> dict[str, Any]:
    """A process for each log, each with streams of its own."""
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        paths = [Path(folder) / f"log-{number}.db" for number in range(logs)]
        driven = _all_at_once("write", [[str(path), str(commands // logs), str(logs)] for path in paths])
        raw = _all_at_once(
            "raw",
            [[str(path), msgspec.json.encode(one.batches).decode()] for path, one in zip(paths, driven, strict=True)],
        )
    events = sum(sum(one.batches) for one in driven)
    rate, limit = events / _seconds(driven), events / _seconds(raw)
    return report(
        "logs",
        case=f"{logs}, a process each",
        logs=logs,
        processes=logs,
        events_per_s=round(rate),
        raw_insert_events_per_s=round(limit),
        ratio=round(rate / limit, 3),
        cpu_us_per_event=round(sum(one.cpu_s for one in driven) / events * 1e6, 1),
        cores_used=round(sum(one.cpu_s for one in driven) / _seconds(driven), 2),
        store="sqlite, WAL, synchronous=FULL",
    )


async def _together(logs: int, commands: int) -> dict[str, Any]:
    """One process, as the embedded profile runs them."""
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        order = FileOrder.open(Path(folder) / "order.db", logs)
        merged = MergedLog([SQLiteLog.open(Path(folder) / f"log-{number}.db") for number in range(logs)], order)
        driven = await drive_engine(Engines(merged), commands)
        answered = time.time()
        await merged.cut()
        ordered = time.time() - answered
        assert await merged.head() == commands
        await merged.close()
    seconds = driven.ended - driven.began
    return report(
        "logs",
        case=f"{logs}, one process",
        logs=logs,
        processes=1,
        events_per_s=round(commands / seconds),
        cpu_us_per_event=round(driven.cpu_s / commands * 1e6, 1),
        cores_used=round(driven.cpu_s / seconds, 2),
        ordered_after_ms=round(ordered * 1e3, 1),
        store="sqlite, WAL, synchronous=FULL",
    )


def _seconds(driven: Sequence[Driven]) -> float:
    return max(one.ended for one in driven) - min(one.began for one in driven)


def _all_at_once(how: str, arguments: Sequence[Sequence[str]]) -> list[Driven]:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "kontor.bench.logs", how, *own],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for own in arguments
    ]
    try:
        for process in started:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("a writer did not start")
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [msgspec.json.decode(process.communicate(timeout=300)[0], type=Driven) for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()


def _take_turns() -> None:
    console.out.print("ready")
    sys.stdin.readline()


async def _write(path: str, commands: str, logs: str) -> Driven:
    log = SQLiteLog.open(Path(path))
    driven = await drive(log, int(commands), range(SKUS // int(logs)), _take_turns)
    await log.close()
    return driven


async def _raw(path: str, batches: str) -> Driven:
    sizes: list[int] = msgspec.json.decode(batches)
    log = SQLiteLog.open(Path(path))
    rows = log.read_now(0, sum(sizes))
    await log.close()
    _take_turns()
    began, used = time.time(), time.process_time()
    insert_raw(Path(path).with_suffix(".raw"), rows, sizes)
    return Driven(began, time.time(), time.process_time() - used, sizes)


HOW: dict[str, Callable[..., Any]] = {"write": _write, "raw": _raw}


async def main(how: str, *arguments: str) -> None:
    driven = await HOW[how](*arguments)
    console.out.print(msgspec.json.encode(driven).decode(), markup=False, soft_wrap=True)


if __name__ == "__main__":
    from kontor.loop import run as run_loop

    console.configure_logs("warning")
    run_loop(main(*sys.argv[1:]))
