"""kill -9 of a replay, again and again, while people buy: the one that comes through is what the log adds up to."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from commands.logs.slices import SLICES
from commands.mapper import record
from commands.store.sqlite import INSERT, SQLiteLog
from domain.ids import stock_id
from domain.inventory.inventory import StockReceived
from domain.recorded import Meta
from kontor.folder import DataFolder
from kontor.settings import Settings
from kontor.wiring.logfiles import open_log
from tests.crash.load import open_market, trade
from tests.e2e.house import kontor, process

STREAMS = 15_000
KILLS = 3
SEED = int(os.environ.get("KONTOR_SEED", random.SystemRandom().randrange(1 << 32)))


async def stocked(folder: Path, logs: int) -> None:
    """A log that takes a while to fold: two deliveries each of many things. Of several logs the first has all of it,
    and two thirds of what follows go to others."""
    log = SQLiteLog.open(folder / "log.db")
    hashes, rows, at = {}, [], 1_700_000_000_000
    for version in (1, 2):
        for number in range(STREAMS):
            stream = stock_id("shp_old", f"{number:06d}")
            meta = Meta(at, at, "system:test", "cmd", stream, "", "", hashes.get(stream, b""))
            recorded, row = record(len(rows) + 1, stream, version, StockReceived(5), meta)
            hashes[stream] = recorded.hash
            rows.append(row)
    await log.close()
    with closing(sqlite3.connect(folder / "log.db")) as connection, connection:
        connection.executemany(INSERT, rows)
    if logs > 1:
        engine: Any
        several, engine = open_log(DataFolder(folder), Settings(data=folder, logs=logs), lambda: at)
        await engine.start()
        await engine.move(0, SLICES // 3, 1)
        await engine.move(SLICES // 3 + 1, SLICES // 3 * 2, logs - 1)
        await engine.close()
        await several.close()


def begin(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "kontor", "replay", "all", "--json", "--data", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill(replay: subprocess.Popen[str]) -> list[str]:
    """What it had said until then."""
    replay.kill()
    said, _ = replay.communicate()
    return said.splitlines()


@pytest.mark.crash
@pytest.mark.timeout(180)
@pytest.mark.parametrize("logs", [1, 4])
async def test_a_replay_that_is_killed_under_load_comes_through(tmp_path: Path, logs: int) -> None:
    folder, chance = tmp_path / "data", random.Random(SEED)
    folder.mkdir()
    await stocked(folder, logs)
    with process("serve", "all", data=folder) as service:
        async with httpx.AsyncClient(base_url=service.url(), timeout=20) as http:
            market, stop = await open_market(http, 3), asyncio.Event()
            trading = asyncio.create_task(trade(market, chance, stop))
            for _ in range(KILLS):
                replay = begin(folder)
                assert replay.stdout is not None
                await asyncio.to_thread(replay.stdout.readline)
                await asyncio.sleep(chance.uniform(0, 3))
                await asyncio.to_thread(kill, replay)
            last = begin(folder)
            said, _ = await asyncio.to_thread(last.communicate)
            stop.set()
            await trading
        assert service.stop() == 0, service.said()
        assert "Traceback" not in service.said()
    assert last.returncode == 0, (SEED, said)
    steps = [json.loads(line) for line in said.splitlines()]
    assert [one for one in steps if one["step"] == "compare" and one["different"]] == [], SEED
    assert len(market.journal.placed()) > 5
    assert not market.journal.surprises, (SEED, market.journal.surprises[:5])
    verified = kontor("verify", "--views", data=folder)
    assert verified.returncode == 0, (SEED, verified.stdout, verified.stderr)
