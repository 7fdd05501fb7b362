"""kill -9 while webhooks and mail go out: everybody is told everything, and repetitions can be told by their ids."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e import house
from tests.e2e.house import Process, kontor
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import PASSWORD, Shopper, sign_up
from tests.mailserver import MailBox, mail_server
from tests.receiver import Receiver, receiving

KILLS = 4
IMPATIENT = """
from functools import partial
import kontor.wiring.embedded as wiring
from streams.outgoing.courier import Pacing
pacing = Pacing(pace=0.05, idle=0.1, claim=1.0, pause=0.02)
wiring.DeliveryProcess = partial(wiring.DeliveryProcess, pacing=pacing)
"""
"""A claim that runs out within a second, rather than a minute."""


def service(folder: Path, box: MailBox) -> Process:
    settings = {
        "KONTOR_WEBHOOKS_PRIVATE": "true",
        "KONTOR_SMTP_URL": box.url,
        "KONTOR_MAIL_FROM": "orders@shop.example",
    }
    process = Process("serve", "all", data=folder, env=settings, waiting=True)
    process.go()
    return process


async def buy(shopper: Shopper, sku: str) -> None:
    with contextlib.suppress(httpx.HTTPError):  # the plug is pulled in between
        while True:
            await shopper.add(sku)
            await shopper.buy()


async def open_market(http: httpx.AsyncClient, receiver: Receiver) -> tuple[Shopper, Seller, Shopper, str]:
    root = Shopper(http, email="root@example.com")
    await root.sign_in()
    await root.do("POST", "/api/subscriptions", {"url": receiver.url, "types": ["order.paid"]}, 201)
    seller = await open_shop(http)
    sku = await seller.sells(stock=100_000)
    return root, seller, await (await sign_up(http)).move_in(), sku


async def paid(root: Shopper) -> set[str]:
    """Ids of the events that were to be told."""
    found: set[str] = set()
    after = ""
    while (page := await root.do("GET", f"/api/events?types=order.paid&limit=1000&after={after}"))["items"]:
        found |= {event["id"] for event in page["items"]}
        after = page["next"]
    return found


async def all_told(root: Shopper, receiver: Receiver, box: MailBox) -> dict[str, set[str]]:
    """The ids that came for each event, once every event has come."""
    wanted = await paid(root)
    orders = {event_id.partition("/")[0] for event_id in wanted}
    async with asyncio.timeout(60):
        while True:
            came: dict[str, set[str]] = defaultdict(set)
            for call in list(receiver.calls):
                came[call.json["id"]].add(call.id)
            written = {str(letter["Subject"]).split()[2] for letter in box.letters}
            if wanted <= came.keys() and orders <= written:
                return came
            await asyncio.sleep(0.1)


@pytest.mark.crash
@pytest.mark.timeout(180)
async def test_everybody_is_told_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, go, after = house.WARMED_UP.partition("sys.stdin")
    monkeypatch.setattr(house, "WARMED_UP", before + IMPATIENT + go + after)
    folder, chance = tmp_path / "data", random.Random(7)
    made = kontor(
        "user", "create", "--email", "root@example.com", "--password", PASSWORD, "--scope", "admin", data=folder
    )
    assert made.returncode == 0, made.stderr
    market: Any = None
    async with receiving() as receiver, mail_server() as box:
        for _ in range(KILLS):
            process = service(folder, box)
            try:
                async with httpx.AsyncClient(base_url=process.url(), timeout=15) as http:
                    market = market or await open_market(http, receiver)
                    root, seller, shopper, sku = market
                    root.http = seller.shopper.http = shopper.http = http
                    trade = asyncio.create_task(buy(shopper, sku))
                    await asyncio.sleep(0.3 + 1.5 * chance.random())
                    process.kill()
                    await trade
            finally:
                if process.popen.poll() is None:
                    process.kill()
        process = service(folder, box)
        try:
            async with httpx.AsyncClient(base_url=process.url(), timeout=15) as http:
                root.http = http
                came = await all_told(root, receiver, box)
            assert process.stop() == 0, process.said()
        finally:
            if process.popen.poll() is None:
                process.kill()
    assert len(came) > KILLS
    assert {len(ids) for ids in came.values()} == {1}, "one id for each event, however often it came"
    letters = {(str(letter["Subject"]), str(letter["Message-ID"])) for letter in box.letters}
    assert len({subject for subject, _ in letters}) == len({name for _, name in letters}) == len(letters)
    verified = kontor("verify", data=folder)
    assert verified.returncode == 0, verified.stderr
