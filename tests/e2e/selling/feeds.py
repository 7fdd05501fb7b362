"""A merchant's feed: set up, run, and what came of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.e2e.market import Seller


def path(seller: Seller, name: str = "beds", more: str = "") -> str:
    return f"/api/shops/{seller.shop_id}/feeds/{name}{more}"


async def put(seller: Seller, name: str = "beds", **terms: Any) -> None:
    await seller.shopper.do("PUT", path(seller, name), {"what": "products", **terms})


async def run(seller: Seller, name: str = "beds", **how: Any) -> dict[str, Any]:
    """One run, to its end; whoever reads after it sees what it wrote."""
    asked = await seller.shopper.do("POST", path(seller, name, "/runs"), how, 202)
    async with asyncio.timeout(30):
        while True:
            answer = await seller.shopper.send("GET", path(seller, name, f"/runs/{asked['runId']}"))
            if answer.status_code == 200 and answer.json()["status"] not in ("waiting", "running"):
                found: dict[str, Any] = answer.json()
                seller.shopper.position = answer.headers["Kontor-Position"]  # what the run wrote is to be seen
                return found
            await asyncio.sleep(0.02)


async def rejected(seller: Seller, done: dict[str, Any], name: str = "beds") -> list[dict[str, Any]]:
    answer = await seller.shopper.send("GET", path(seller, name, f"/runs/{done['runId']}/rejected"))
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def counted(done: dict[str, Any]) -> tuple[str, int, int, int, int]:
    counts = done["counts"]
    return done["status"], counts["read"], counts["changed"], counts["unchanged"], counts["rejected"]
