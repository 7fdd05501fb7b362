"""Real orders through the full profile: the same rows, the same sums, and the log and the views of real servers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.full.processes import Deployment, namespace, running

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
PARTS = ("relay", "views", "orders")
"""Whoever acts by the clock is within the command."""


async def replay_orders(deployment: Deployment, what: str, file: Path, folder: Path, lines: int) -> tuple[int, str]:
    """Exit code and what was said."""
    asked = [what, str(file), "--first", str(lines), "--data", str(folder), "--refused", str(folder / "no"), "--json"]
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "kontor", "replay-orders", *asked],
        env=dict(deployment.environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout or ended.stderr


@pytest.mark.parametrize(("what", "lines"), [("olist", 40), ("online_retail", 20)])
async def test_real_orders_agree_to_the_cent(shared_data: Path, tmp_path: Path, what: str, lines: int) -> None:
    file = shared_data / what / "orders.ndjson.gz"
    (tmp_path / "data").mkdir()
    with namespace() as environment:
        async with running(environment, tmp_path, *PARTS) as deployment:
            code, said = await replay_orders(deployment, what, file, tmp_path / "data", lines)
            assert code == 0, said
            report = json.loads(said.splitlines()[-1])
            assert (report["ok"], report["failed"], report["disagreements"]) == (True, [], [])
            assert report["paid"]["amount"] > 0
            code, said = await replay_orders(deployment, what, file, tmp_path / "data", 1)
            assert code == 1
            assert "there are events in this log already" in said
