"""One of several processes that write into one Postgres log: ready, set, go, and then it tells what it did."""

from __future__ import annotations

import os
import sys

import msgspec

from commands.store.postgres import PostgresLog
from kontor import console
from kontor.bench.append import drive


async def write(url: str, commands: int) -> None:
    log = PostgresLog.open(url)
    driven = await drive(log, commands, _take_turns)
    await log.close()
    console.out.print(msgspec.json.encode(driven).decode(), markup=False)


def _take_turns() -> None:
    console.out.print("ready")
    sys.stdin.readline()


if __name__ == "__main__":
    from kontor.running import run

    console.configure_logs("warning")
    run(write(os.environ["KONTOR_POSTGRES_URL"], int(sys.argv[1])))
