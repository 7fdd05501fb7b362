"""One of several processes that write into one Postgres log: ready, set, go, and then it tells what it did.

Either through an engine (``write``), or with COPY and nothing else (``copy``). What it writes is said on the first line
of its input.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import psycopg

from commands.store.port import Row
from commands.store.postgres import PostgresLog
from commands.store.postgres_library import COPY, TYPES
from commands.store.server import Server
from kontor import console
from kontor.bench.append import Driven, drive


class Commands(NamedTuple):
    """So many, for the stock of each of the SKUs in turn."""

    number: int
    skus: list[int]


class Copies(NamedTuple):
    """Rows of another log, each part a commit: the positions that they begin after, and how many they are."""

    source: str
    parts: list[tuple[int, int]]


async def write(url: str, what: Commands) -> Driven:
    log = PostgresLog.open(url)
    driven = await drive(log, what.number, what.skus, _take_turns)
    await log.close()
    return driven


async def copy(url: str, what: Copies) -> Driven:
    log = PostgresLog.open(what.source)
    parts = [list(await log.read(after, count)) for after, count in what.parts]
    await log.close()
    with Server.at(url).connect() as connection:
        _take_turns()
        began, used = time.time(), time.process_time()
        for rows in parts:
            copy_rows(connection, rows)
        return Driven(began, time.time(), time.process_time() - used, [len(rows) for rows in parts])


def copy_rows(connection: psycopg.Connection[Any], rows: Sequence[Row]) -> None:
    connection.execute("BEGIN")
    with connection.cursor().copy(COPY) as copying:
        copying.set_types(TYPES)
        for row in rows:
            copying.write_row(row)
    connection.execute("COMMIT")


def _take_turns() -> None:
    console.out.print("ready")
    sys.stdin.readline()


async def main(how: str) -> None:
    url, what = os.environ["KONTOR_POSTGRES_URL"], sys.stdin.readline()
    if how == "write":
        driven = await write(url, msgspec.json.decode(what, type=Commands))
    else:
        driven = await copy(url, msgspec.json.decode(what, type=Copies))
    console.out.print(msgspec.json.encode(driven).decode(), markup=False, soft_wrap=True)


if __name__ == "__main__":
    from kontor.loop import run

    console.configure_logs("warning")
    run(main(sys.argv[1]))
