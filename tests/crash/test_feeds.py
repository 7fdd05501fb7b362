"""kill -9 while a feed is read: the next process goes on in the same copy, and every row is there once."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e import house
from tests.e2e.house import Process, kontor, rows
from tests.e2e.market import Seller, open_shop
from tests.feedserver import FeedServer, feed_server

ROWS, KILLS = 6_000, 3
IMPATIENT = """
from functools import partial
import kontor.wiring.feeding as wiring
import streams.merchantfeeds.run as run
from streams.merchantfeeds.process import Pacing
run.BATCH, run.LOADED = 100, 50
wiring.FeedProcess = partial(wiring.FeedProcess, pacing=Pacing(idle=0.1, claim=1.0))
"""
"""A claim that runs out within a second, and batches small enough to be killed between."""


def service(folder: Path) -> Process:
    process = Process("serve", "all", data=folder, env={"KONTOR_FEEDS_PRIVATE": "true"}, waiting=True)
    process.go()
    return process


async def read(seller: Seller, path: str) -> dict[str, Any]:
    answer = await seller.shopper.send("GET", path)
    return dict(answer.json()) if answer.status_code == 200 else {}


async def begun(folder: Path, least: int) -> None:
    """Until so many products are in the log."""
    async with asyncio.timeout(60):
        while products(folder) < least:  # noqa: ASYNC110  # another process is what is waited for
            await asyncio.sleep(0.01)


def products(folder: Path) -> int:
    [(count,)] = rows(folder / "log.db", "SELECT count(*) FROM events WHERE topic = 'product.created@1'")
    return int(count)


async def finished(seller: Seller, path: str) -> dict[str, Any]:
    async with asyncio.timeout(120):
        while True:
            run = await read(seller, path)
            if run and run["status"] not in ("waiting", "running"):
                return run
            await asyncio.sleep(0.1)


async def set_up(http: httpx.AsyncClient, web: FeedServer) -> tuple[Seller, str]:
    seller = await open_shop(http)
    feed = f"/api/shops/{seller.shop_id}/feeds/beds"
    await seller.shopper.do("PUT", feed, {"what": "products", "source": web.of("beds")})
    asked = await seller.shopper.do("POST", f"{feed}/runs", {}, 202)
    return seller, f"{feed}/runs/{asked['runId']}"


@pytest.mark.crash
@pytest.mark.timeout(300)
async def test_a_feed_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, go, after = house.WARMED_UP.partition("sys.stdin")
    monkeypatch.setattr(house, "WARMED_UP", before + IMPATIENT + go + after)
    folder, chance, known = tmp_path / "data", random.Random(11), None
    beds = ({"title": f"Bed {number}", "variants": [{"sku": f"BED-{number}"}]} for number in range(ROWS))
    content = [json.dumps(bed) if number % 100 else '{"torn": ' for number, bed in enumerate(beds)]
    async with feed_server() as web:
        web.files["beds"] = "\n".join(content).encode() + b"\n"
        for kill in range(KILLS + 1):
            process = service(folder)
            try:
                async with httpx.AsyncClient(base_url=process.url(), timeout=15) as http:
                    known = known or await set_up(http, web)
                    seller, path = known
                    seller.shopper.http = http
                    if kill < KILLS:
                        least = products(folder) + 200 + int(800 * chance.random())
                        await begun(folder, least)
                        process.kill()
                        continue
                    run = await finished(seller, path)
                    answer = await seller.shopper.send("GET", f"{path}/rejected")
                    assert process.stop() == 0, process.said()
            finally:
                if process.popen.poll() is None:
                    process.kill()
    bad = ROWS // 100
    assert run["status"] == "done", run
    assert (run["counts"]["read"], run["counts"]["rejected"]) == (ROWS, bad)
    assert products(folder) == ROWS - bad
    assert [json.loads(line)["line"] for line in answer.text.splitlines()] == list(range(1, ROWS + 1, 100))
    assert len(web.answered) == 1, "the copy is read to its end, whatever the source says by then"
    verified = kontor("verify", data=folder)
    assert verified.returncode == 0, verified.stderr
