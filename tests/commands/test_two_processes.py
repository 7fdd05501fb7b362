"""Two real processes on one log: they race for the same stock, and neither starves."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commands.mapper import recorded
from commands.store.port import Row
from domain.inventory.inventory import INVENTORY
from tests.commands.conftest import log_at

ROOT = Path(__file__).resolve().parents[2]
UNITS = 1_500
ASKED_EACH = 2_000
"""So many that one of them is not done before the other has got a processor."""

PROCESS = """
import asyncio, json, sys
from collections import Counter
from commands.engine import Engine
from tests.commands.conftest import log_at
from tests.commands.driving import do, hold, receive

async def main(where, name, asked, units):
    log = log_at(where)
    engine = Engine(log)
    await engine.start()
    if units:
        await do(engine, receive(units))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    outcomes = Counter()
    async def buyer(number):
        for turn in range(asked // 20):
            outcome = await do(engine, hold(f"{name}-{number}-{turn}", at=engine.clock()))
            outcomes[type(outcome.events[0].event).__name__] += 1
            await asyncio.sleep(0.001)
    await asyncio.gather(*(buyer(number) for number in range(20)))
    await engine.close()
    await log.close()
    print(json.dumps(outcomes), flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.stack)])
def where(request, tmp_path) -> str:
    """A file's path or a server's URL."""
    return str(request.getfixturevalue("postgres") if request.param == "postgres" else tmp_path / "log.db")


@pytest.fixture
def start(where) -> Iterator[Start]:
    """Starts a process that will ask for units, after ``go``; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(name: str, units: int = 0) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROCESS, where, name, str(ASKED_EACH), str(units)]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str]) -> dict[str, int]:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    counts: dict[str, int] = json.loads(output.splitlines()[-1])
    return counts


async def read_all(where: str) -> list[Row]:
    log = log_at(where)
    rows = list(await log.read(0, 1_000_000))
    await log.close()
    return rows


@pytest.mark.timeout(120)
async def test_two_processes_sell_exactly_what_there_is(start, where):
    processes = [start("a", UNITS)]
    assert processes[0].stdout.readline() == "ready\n"
    processes.append(start("b"))
    assert processes[1].stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    counts = await asyncio.gather(*(asyncio.to_thread(finish, process) for process in processes))

    assert sum(count["StockHeld"] for count in counts) == UNITS
    assert all(count.get("StockHeld", 0) >= UNITS // 20 for count in counts), "one process starved the other"
    rows = await read_all(where)
    assert [row.position for row in rows] == list(range(1, 2 * ASKED_EACH + 2))
    assert [row.version for row in rows] == list(range(1, 2 * ASKED_EACH + 2)), "one stream, versions without holes"
    item = INVENTORY.fold(recorded(row).event for row in rows)
    assert (item.on_hand, item.held, len(item.holds)) == (UNITS, UNITS, UNITS)


async def test_many_processes_may_make_the_same_log(start, where):
    """All open a log that is not there yet; every one of them must find it usable."""
    processes = [start(f"p{n}", 1) for n in range(4)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 4
    rows = await read_all(where)
    assert [row.position for row in rows] == [1, 2, 3, 4]
