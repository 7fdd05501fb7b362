"""SIGTERM and SIGINT in the middle of trade: what was accepted is finished, and the process ends with exit code 0."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from pathlib import Path

import httpx
import pytest

from tests.crash import audit
from tests.crash.load import HOT_STOCK, Market, open_market, trade
from tests.e2e.house import Process, kontor, process
from tests.e2e.shopper import expect

pytestmark = pytest.mark.crash


def client(service: Process, ready: int = 1) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=service.url(ready), timeout=20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_finishes_what_was_accepted(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "data"
    with process("serve", "all", data=folder) as service:
        async with client(service) as http:
            market = await open_market(http, 6)
            trading = asyncio.create_task(trade(market, random.Random(number)))
            await asyncio.sleep(0.7)
            service.popen.send_signal(number)
            await trading
        assert await service.ended() == 0, service.said()
        assert "Traceback" not in service.said()
        for line in service.output.read_text().splitlines():
            assert isinstance(json.loads(line), dict), "where nobody looks on, each line is one JSON object"
    assert len(market.journal.placed()) > 0
    assert not market.journal.surprises, market.journal.surprises
    verified = kontor("verify", data=folder)
    assert verified.returncode == 0, verified.stderr
    await nothing_is_lost(folder, market)


async def nothing_is_lost(folder: Path, market: Market) -> None:
    with process("serve", "all", data=folder) as service:
        async with client(service) as http:
            market.move_to(http)
            await audit.acknowledged_is_there(market, 0)
            await nothing_was_done_unanswered(market)
            await audit.repeat_what_was_not_answered(market)
            orders = await audit.everything_settles(market)
            audit.one_order_for_each_attempt(market.journal, orders)
            await audit.nothing_oversold(market)
            audit.money_is_right(folder, orders)


async def nothing_was_done_unanswered(market: Market) -> None:
    """A connection may close before its next request is accepted; what was accepted was also answered."""
    orders = [order for shopper in market.shoppers for order in await audit.history(shopper)]
    audit.one_order_for_each_attempt(market.journal, {order["orderId"]: order for order in orders})
    acknowledged = HOT_STOCK + sum(one.quantity for one in market.journal.deliveries if one.acknowledged)
    assert (await market.seller.stock(market.hot))["onHand"] == acknowledged


async def test_an_order_that_is_waited_for_is_answered_before_the_end(tmp_path: Path) -> None:
    """The buyer of a slow payment gets an answer, not a broken connection."""
    folder = tmp_path / "data"
    with process("serve", "all", data=folder) as service:
        async with client(service) as http:
            market = await open_market(http, 1)
            [shopper] = market.shoppers
            await shopper.add(market.plenty)
            shopper.method_id = market.cards[shopper.user_id]["pm_sim_lost_webhook"]
            placing = asyncio.create_task(shopper.place(wait=5))
            await asyncio.sleep(0.15)
            service.popen.send_signal(signal.SIGTERM)
            order = expect(202, await placing)
            assert order["status"] in ("PENDING", "PAID")
        assert await service.ended() == 0, service.said()


async def test_the_demo_says_goodbye(tmp_path: Path) -> None:
    with process("demo", data=tmp_path / "data") as demo:
        async with client(demo) as http:
            assert expect(200, await http.get("/api/products?q=laptop&inStock=true"))["total"] > 0
        assert await asyncio.to_thread(demo.stop, signal.SIGINT) == 0
        assert "Sample logins" in demo.said()
        assert "Bye." in demo.said()
    with process("demo", data=tmp_path / "data") as again:
        assert again.url()
        assert "Loading" not in again.said()
