"""``append --store postgres``: the whole write path on a Postgres log, by one process or by several on one log.

The limit of the same run: the same rows in as many a commit, by binary COPY and nothing else. Told three times: as
psycopg's ``write_row`` does it, from one connection and from as many processes at once as wrote (``ratio`` is to these,
``ratio_to_one_writer`` to that); and with the bytes ready made and no round trip too many, which nobody who starts from
rows can reach.

Several processes are measured twice: each with streams of its own, as carts, orders and payments are, and all with the
same streams, so that each has to read and fold whatever the others wrote before it may write itself.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg import pq

from commands.store.port import Row
from commands.store.postgres import PostgresLog
from commands.store.postgres_library import COPY
from commands.store.server import Server
from commands.store.wire import copy_bytes
from kontor import console
from kontor.bench.append import COMMANDS, ROUNDS, SKUS, Driven
from kontor.bench.report import median, report, spread
from kontor.bench.writer import Commands, Copies, copy_rows
from kontor.settings import load


class Round(NamedTuple):
    events_per_s: float
    raw_per_s: float
    raw_together_per_s: float
    ready_made_per_s: float
    events_per_commit: float
    client_cpu_us: float


async def run(processes: int) -> list[dict[str, Any]]:
    url = load().postgres_url
    if url is None:
        console.fail("name the server to measure: set KONTOR_POSTGRES_URL", 2)
    same = [range(SKUS)] * processes
    own = [range(first, SKUS, processes) for first in range(processes)]
    cases = {"each its own": own, "all the same": same} if processes > 1 else {"its own": own}
    return [await _case(url, streams, skus) for streams, skus in cases.items()]


async def _case(url: str, streams: str, skus: Sequence[range]) -> dict[str, Any]:
    rounds = [await _round(url, skus) for _ in range(ROUNDS)]
    ratios = [one.events_per_s / one.raw_together_per_s for one in rounds]
    to_one = [one.events_per_s / one.raw_per_s for one in rounds]
    return report(
        "append",
        events_per_s=round(median([one.events_per_s for one in rounds])),
        raw_copy_events_per_s=round(median([one.raw_per_s for one in rounds])),
        raw_copy_together_events_per_s=round(median([one.raw_together_per_s for one in rounds])),
        ready_made_copy_events_per_s=round(median([one.ready_made_per_s for one in rounds])),
        ratio=round(median(ratios), 3),
        ratio_to_one_writer=round(median(to_one), 3),
        target_ratio=0.6,
        spread={"ratio": spread(ratios), "ratio_to_one_writer": spread(to_one)},
        processes=len(skus),
        streams=streams,
        events_per_commit=round(median([one.events_per_commit for one in rounds])),
        client_cpu_us_per_event=round(median([one.client_cpu_us for one in rounds]), 1),
        store="postgres",
    )


async def _round(url: str, skus: Sequence[range]) -> Round:
    count = COMMANDS // len(skus)
    with _schema(url) as log:
        driven = await asyncio.to_thread(_drive, log, "write", [Commands(count, list(some)) for some in skus])
        rows = await _rows(log)
        assert len(rows) == count * len(skus)
        sizes = [size for one in driven for size in one.batches]
        ends = list(accumulate(sizes))
        parts = [(end - size, size) for end, size in zip(ends, sizes, strict=True)]
        with _schema(url) as own:
            shares = [Copies(log, parts[first :: len(skus)]) for first in range(len(skus))]
            together = await asyncio.to_thread(_drive, own, "copy", shares)
    grouped = [rows[after : after + size] for after, size in parts]
    with _schema(url) as own:
        raw = _limit(own, grouped, copy_rows)
    ready = [copy_bytes(part) for part in grouped]
    with _schema(url) as own:
        ready_made = _limit(own, ready, _write_bytes)
    events = len(rows)
    return Round(
        events / _seconds(driven),
        events / raw,
        events / _seconds(together),
        events / ready_made,
        events / len(parts),
        sum(one.cpu_s for one in driven) / events * 1e6,
    )


def _seconds(driven: Sequence[Driven]) -> float:
    return max(one.ended for one in driven) - min(one.began for one in driven)


@contextmanager
def _schema(url: str) -> Iterator[str]:
    """An empty log of its own, gone afterwards. Begins after a checkpoint, so that no round pays for another."""
    name = f"kontor_bench_{secrets.token_hex(4)}"
    own = f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"
    with Server.at(url).connect() as connection:
        try:
            connection.execute("CHECKPOINT")
            PostgresLog.open(own).datastore.close()
            yield own
        finally:
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())


def _drive(url: str, how: str, shares: Sequence[Commands | Copies]) -> list[Driven]:
    """Lets as many processes write, all at once, each its share."""
    command = [sys.executable, "-m", "kontor.bench.writer", how]
    environment = os.environ | {
        "KONTOR_POSTGRES_URL": url
    }  # not an argument, which everybody on the machine could read
    started = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in shares
    ]
    try:
        for process, share in zip(started, shares, strict=True):
            _say(process, msgspec.json.encode(share).decode())
        for process in started:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("a writer did not start")
        for process in started:
            _say(process, "go")
        return [msgspec.json.decode(process.communicate(timeout=300)[0], type=Driven) for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()


def _say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


async def _rows(url: str) -> list[Row]:
    log = PostgresLog.open(url)
    rows = list(await log.read(0, COMMANDS))
    await log.close()
    return rows


Write = Callable[[psycopg.Connection[Any], Any], None]


def _limit(url: str, parts: Sequence[Any], write: Write) -> float:
    """Seconds until all parts are in the table, a commit each, from one connection."""
    with Server.at(url).connect() as connection:
        began = time.perf_counter()
        for part in parts:
            write(connection, part)
        return time.perf_counter() - began


def _write_bytes(connection: psycopg.Connection[Any], ready: bytes) -> None:
    libpq = connection.pgconn
    libpq.exec_(b"BEGIN")
    libpq.exec_(f"{COPY}; COMMIT".encode())
    libpq.put_copy_data(ready)
    libpq.put_copy_end()
    while (result := libpq.get_result()) is not None:
        assert result.status == pq.ExecStatus.COMMAND_OK, result.error_message
