"""SIGTERM and SIGINT in the middle of trade: what was accepted is finished, and the process ends with exit code 0."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

import httpx
import pytest

from tests.crash import audit
from tests.crash.load import Market, open_market, trade
from tests.e2e.house import Process, kontor, process
from tests.e2e.shopper import expect

pytestmark = pytest.mark.crash


def client(service: Process, ready: int = 1) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=service.url(ready), timeout=20)


class Unanswered(httpx.AsyncBaseTransport):
    """Keeps the requests that reached the service and had no answer."""

    def __init__(self) -> None:
        self.inner = httpx.AsyncHTTPTransport()
        self.broken: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self.inner.handle_async_request(request)
        except httpx.ConnectError:
            raise  # never accepted
        except httpx.TransportError as error:
            self.broken.append(f"{request.method} {request.url.path}: {error!r}")
            raise

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_finishes_what_was_accepted(tmp_path: Path, number: signal.Signals) -> None:
    folder, transport = tmp_path / "data", Unanswered()
    with process("serve", "all", data=folder) as service:
        async with httpx.AsyncClient(base_url=service.url(), timeout=20, transport=transport) as http:
            market = await open_market(http, 6)
            trading = asyncio.create_task(trade(market, random.Random(number)))
            await asyncio.sleep(0.7)
            service.popen.send_signal(number)
            await trading
        assert await service.ended() == 0, service.said()
        assert "Traceback" not in service.said()
    assert len(market.journal.placed()) > 0
    assert not market.journal.surprises, market.journal.surprises
    assert only_idle_connections(transport.broken), transport.broken
    verified = kontor("verify", data=folder)
    assert verified.returncode == 0, verified.stderr
    await nothing_is_lost(folder, market)


def only_idle_connections(broken: list[str]) -> bool:
    """A kept-alive connection may be closed under a request that was just being sent; that is told by its name."""
    return all("RemoteProtocolError" in one or "ReadError" in one or "WriteError" in one for one in broken)


async def nothing_is_lost(folder: Path, market: Market) -> None:
    with process("serve", "all", data=folder) as service:
        async with client(service) as http:
            market.move_to(http)
            await audit.acknowledged_is_there(market, 0)
            await audit.repeat_what_was_not_answered(market)
            orders = await audit.everything_settles(market)
            audit.one_order_for_each_attempt(market.journal, orders)
            await audit.nothing_oversold(market)
            audit.money_is_right(folder, orders)


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
