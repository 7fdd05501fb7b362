"""What an operator of the full profile does at a command line."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.e2e.shopper import PASSWORD, Shopper
from tests.full.processes import Everything


async def in_charge(house: Everything, folder: Path) -> Shopper:
    """As an operator makes the first administrator."""
    create = ["user", "create", "--email", "root@example.com", "--password", PASSWORD, "--scope", "admin"]
    command = [sys.executable, "-m", "kontor", *create, "--data", str(folder)]
    done = await asyncio.to_thread(
        subprocess.run, command, env=dict(house.environment), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    root = Shopper(house.http, email="root@example.com")
    await root.sign_in()
    return root
