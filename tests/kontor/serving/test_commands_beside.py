"""Commands beside a running service: they take nothing away from it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from kontor.operating.backup import run_backup
from kontor.settings import load
from tests.e2e.house import in_process
from tests.e2e.shopper import sign_up

COMMANDS = (("parked", "list"), ("verify",), ("user", "create", "--email", "ada@shop.example", "--password", "a" * 12))


def kontor(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "kontor", *arguments, "--data", str(folder)]
    subprocess.run(command, capture_output=True, check=True, timeout=120)


@pytest.mark.timeout(300)
async def test_what_a_service_writes_after_a_command_came_and_went_is_seen_by_all(tmp_path: Path):
    async with in_process(tmp_path / "data") as house:
        await sign_up(house.http)
        ahead = sorted(house.folder.glob("*.db-wal"))
        assert {"log.db-wal", "vault.db-wal", "views.db-wal"} <= {file.name for file in ahead}
        for command in COMMANDS:
            await asyncio.to_thread(kontor, house.folder, *command)
        assert sorted(house.folder.glob("*.db-wal")) == ahead
        later = await (await sign_up(house.http)).move_in()
        await asyncio.to_thread(run_backup, load(data=house.folder), tmp_path / "copy")
    async with in_process(tmp_path / "copy") as house:
        later.http = house.http
        later.position = "0"
        assert (await later.read("/api/me"))["addresses"][0]["city"]
