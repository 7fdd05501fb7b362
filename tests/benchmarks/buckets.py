"""One hot item as one stream, or split into buckets that are streams of their own: is that worth building?

``python -m tests.benchmarks.buckets [--store sqlite|postgres] [--processes N]`` prints a line for each case. So many
processes on one log race for one item; buyers go to a bucket by a hash of themselves, or to their process's own, and on
to others that show units when theirs has none. The limit of the same run is ``apart``: as many buyers of 2,000 items
that have nothing to do with each other, so what no number of buckets can exceed. Ratios are medians of runs in turns.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from commands.context import Context, new_command_id
from commands.engine import Engine, now_ms
from commands.store.port import EventLog
from commands.store.sqlite import SQLiteLog
from domain.inventory.inventory import HOLD_MS, CommitStock, HoldStock, InventoryItem, ReceiveStock, StockHeld
from kontor.bench.report import median, report
from kontor.wiring.embedded import settle_garbage

BUYERS = 6_000
ROUNDS = 3


class Case(msgspec.Struct, frozen=True):
    name: str
    units: int
    sold: bool
    """What is held is bought at once, as a checkout does it; or it stays held, as by carts."""
    waiting: int
    """Buyers of one process that wait at one time."""


class Layout(msgspec.Struct, frozen=True):
    name: str
    buckets: int
    own: bool = False
    """A process begins with a bucket of its own."""
    spills: bool = True


CASES = (
    Case("rush", 100, False, 1_000),
    Case("sale", BUYERS, True, 64),
    Case("crowd", BUYERS, True, 1_000),
    Case("kept", BUYERS, False, 1_000),
)
ONE, APART = Layout("one", 1), Layout("apart", 2_000, spills=False)


class Race(msgspec.Struct, frozen=True):
    """What one process is to do: so many buyers, from ``first`` on."""

    log: str
    case: Case
    layout: Layout
    process: int
    first: int
    buyers: int


class Raced(msgspec.Struct, frozen=True):
    began: float
    ended: float
    held: int


# a process


async def race(wanted: Race) -> Raced:
    log = log_at(wanted.log)
    engine = Engine(log)
    await engine.start()
    settle_garbage()
    remaining = iter(range(wanted.first, wanted.first + wanted.buyers))
    held = 0

    async def buyers() -> None:
        nonlocal held
        for number in remaining:
            got = await buy(engine, wanted, f"ord_{number:026d}")
            held += got

    say("ready")
    hear()
    began = time.time()
    await asyncio.gather(*(buyers() for _ in range(wanted.case.waiting)))
    ended = time.time()
    await engine.close()
    await log.close()
    return Raced(began, ended, held)


async def buy(engine: Engine, wanted: Race, order_id: str) -> bool:
    """Whether a bucket had a unit. The first is always asked, so that a no is durable; the others if they show any."""
    buckets = wanted.layout.buckets
    home = wanted.process if wanted.layout.own else crc32(order_id.encode())
    for step in range(buckets if wanted.layout.spills else 1):
        item, now = item_of((home + step) % buckets), now_ms()
        if step and not shows_any(engine.peek(item), now):
            continue
        outcome = await engine.submit(HoldStock(item, order_id, 1, now, now + HOLD_MS), context(now))
        if isinstance(outcome.events[0].event, StockHeld):
            if wanted.case.sold:
                await engine.submit(CommitStock(item, order_id, 1, now), context(now))
            return True
    return False


def shows_any(known: InventoryItem | None, now: int) -> bool:
    return known is None or known.available(now) > 0


def item_of(bucket: int) -> str:
    return f"stk_shp_bench.hot-{bucket}"


def context(now: int) -> Context:
    return Context("usr_bench", new_command_id(), now)


def log_at(where: str) -> EventLog:
    if where.startswith("postgresql://"):
        from commands.store.postgres import PostgresLog

        return PostgresLog.open(where)
    return SQLiteLog.open(Path(where))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def hear() -> str:
    return sys.stdin.readline()


def work() -> None:
    """Race after race, as they are told on the standard input: a URL is no argument, which everybody could read."""
    while line := hear():
        say(msgspec.json.encode(asyncio.run(race(msgspec.json.decode(line, type=Race)))).decode())


# all of them


class Processes:
    def __init__(self, count: int) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.buckets", "--work"]
        self._running = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
        ]

    def race(self, log: str, case: Case, layout: Layout) -> float:
        """Buyers a second, over all processes. Nothing is oversold, and everything sold."""
        share = BUYERS // len(self._running)
        for i, process in enumerate(self._running):
            self._tell(process, msgspec.json.encode(Race(log, case, layout, i, i * share, share)).decode())
        for process in self._running:
            assert self._told(process) == "ready"
        for process in self._running:
            self._tell(process, "go")
        raced = [msgspec.json.decode(self._told(process), type=Raced) for process in self._running]
        held = sum(one.held for one in raced)
        if layout.spills:
            assert held == min(case.units, BUYERS), (case, layout, held)
        return BUYERS / (max(one.ended for one in raced) - min(one.began for one in raced))

    @staticmethod
    def _tell(process: subprocess.Popen[str], line: str) -> None:
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()

    @staticmethod
    def _told(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


@contextmanager
def empty_log(url: str) -> Iterator[str]:
    """A file, or a schema of its own on a server; gone afterwards."""
    if not url:
        with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
            yield str(Path(folder) / "log.db")
        return
    import psycopg

    name = f"kontor_bench_{secrets.token_hex(4)}"
    try:
        yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())


async def receive(where: str, units: int, buckets: int) -> None:
    log = log_at(where)
    engine = Engine(log)
    await engine.start()
    now = now_ms()
    shares = [units // buckets + (bucket < units % buckets) for bucket in range(buckets)]
    received = [ReceiveStock(item_of(bucket), share, now) for bucket, share in enumerate(shares) if share]
    await asyncio.gather(*(engine.submit(command, context(now)) for command in received))
    await engine.close()
    await log.close()


class Measured(NamedTuple):
    case: Case
    rates: dict[str, list[float]]
    """Buyers a second by layout, round by round."""

    def line(self, store: str, processes: int) -> dict[str, Any]:
        one = self.rates[ONE.name]
        ratios = {
            name: round(median([rate / base for rate, base in zip(rates, one, strict=True)]), 2)
            for name, rates in self.rates.items()
            if name != ONE.name
        }
        return report(
            "buckets",
            case=self.case.name,
            store=store,
            processes=processes,
            buyers=BUYERS,
            units=self.case.units,
            waiting=self.case.waiting * processes,
            one_stream_buyers_per_s=round(median(one)),
            ratios_to_one_stream=ratios,
            rounds=len(one),
        )


def main(arguments: Sequence[str]) -> None:
    parser = ArgumentParser(prog="python -m tests.benchmarks.buckets")
    parser.add_argument("--work", action="store_true", help="be one of the processes")
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--processes", type=int, default=1)
    chosen = parser.parse_args(arguments)
    if chosen.work:
        work()
        return
    url = os.environ["KONTOR_POSTGRES_URL"] if chosen.store == "postgres" else ""
    own = [Layout("one each", chosen.processes, own=True)] if chosen.processes > 1 else []
    layouts = [ONE, Layout("4", 4), Layout("16", 16), *own, APART]
    processes = Processes(chosen.processes)
    try:
        for case in CASES:
            measured = Measured(case, {layout.name: [] for layout in layouts})
            for number in range(-1, ROUNDS):  # the first warms up
                for layout in layouts if number >= 0 else [ONE]:
                    with empty_log(url) as where:
                        asyncio.run(receive(where, case.units, layout.buckets))
                        rate = processes.race(where, case, layout)
                    measured.rates[layout.name] += [rate] if number >= 0 else []
            measured.line(chosen.store, chosen.processes)
    finally:
        processes.end()


if __name__ == "__main__":
    main(sys.argv[1:])
