"""`kontor reconcile`, run once over a house."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.e2e.house import House, kontor


async def reconcile(house: House, *options: str, exit_code: int) -> Any:
    """What it says as JSON."""
    await asyncio.sleep(0.01)
    ended = await asyncio.to_thread(kontor, "reconcile", "--grace", "0", "--json", *options, data=house.folder)
    assert ended.returncode == exit_code, ended.stderr + ended.stdout
    return json.loads(ended.stdout) if ended.stdout else ended.stderr
