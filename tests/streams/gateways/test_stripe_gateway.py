"""The Stripe adapter: the contract on localstripe, what errors mean, and that every key finds its operation again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.money import Money
from streams.gateways.port import Authorized, Captured, GatewayMisuse, GatewayTimeout, Notice, Refunded, RefundRefused
from streams.gateways.stripe.gateway import StripeGateway
from tests.contracts.gateway import ORDER, PRICE, GatewayContract
from tests.streams.gateways.serving import listening
from tests.streams.gateways.stripe_house import KEY, Front, fronted, localstripe

SECRET = "whsec_kontor"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """One localstripe for all tests of this file."""
    with localstripe() as url:
        yield url


@pytest.fixture
async def front(provider: str) -> AsyncIterator[tuple[Front, str]]:
    """Nothing has happened there yet."""
    async with aiohttp.ClientSession() as http:
        await http.delete(f"{provider}/_config/data")
    async with fronted(provider) as opened:
        yield opened


@pytest.fixture
async def gateway(front: tuple[Front, str]) -> AsyncIterator[StripeGateway]:
    async with adapter(front[1]) as gateway:
        yield gateway


@asynccontextmanager
async def adapter(url: str) -> AsyncIterator[StripeGateway]:
    gateway = StripeGateway(KEY, SECRET, url=url)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.close()


class TestStripeGateway(GatewayContract):
    declined = "pm_card_chargeCustomerFail"

    @pytest.fixture(autouse=True)
    def _provider(self, front: tuple[Front, str]) -> None:
        _, self.url = front

    def open(self, folder: Path) -> Any:
        return adapter(self.url)


# what the contract does not say


async def test_a_commands_answer_that_is_lost_hides_what_was_done(front, gateway, monkeypatch):
    """The client sends it again by itself, and has the first answer; without that, ``find`` has it."""
    front[0].broken = 1
    charge = await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_card_visa")
    assert isinstance(charge, Authorized)
    monkeypatch.setattr("streams.gateways.stripe.gateway.RETRIES", 0)
    async with adapter(front[1]) as impatient:
        front[0].broken = 1
        with pytest.raises(GatewayTimeout):
            await impatient.capture("pay_1/2", charge.reference, PRICE)
        assert await impatient.find("pay_1/2") == Captured()


async def test_several_refunds_each_have_their_key(gateway):
    charge = await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_card_visa")
    assert await gateway.capture("pay_1/2", charge.reference, PRICE) == Captured()
    for key, cents in (("pay_1/4", 500), ("pay_1/6", 1000)):
        assert await gateway.refund(key, charge.reference, Money(cents, "USD")) == Refunded()
        assert await gateway.find(key) == Refunded()
    assert isinstance(await gateway.refund("pay_1/8", charge.reference, Money(500, "USD")), RefundRefused)


async def test_a_part_is_captured(gateway):
    charge = await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_card_visa")
    assert await gateway.capture("pay_1/2", charge.reference, Money(1500, "USD")) == Captured()
    rows = {row.kind: row.amount async for row in gateway.settlement()}
    assert rows == {"authorize": 1999, "capture": 1500}


async def test_a_void_is_told_of_one_that_was_captured(gateway):
    charge = await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_card_visa")
    await gateway.capture("pay_1/2", charge.reference, PRICE)
    with pytest.raises(GatewayMisuse, match="succeeded"):
        await gateway.void("pay_1/3", charge.reference)
    assert await gateway.find("pay_1/3") is None


@pytest.mark.slow
async def test_localstripes_own_webhooks_are_believed_and_read(provider, front, gateway):
    heard: list[Any] = []
    arrived = asyncio.Event()

    async def take(request: Request) -> Response:
        heard.append(gateway.notice(await request.body(), request.headers))
        arrived.set()
        return Response()

    async with listening(Starlette(routes=[Route("/hook", take, methods=["POST"])])) as hook:
        async with aiohttp.ClientSession() as http:
            form = {"url": f"{hook}/hook", "secret": SECRET}
            await http.post(f"{provider}/_config/webhooks/kontor", json=form)
        charge = await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_card_visa")
        await gateway.capture("pay_1/2", charge.reference, PRICE)
        async with asyncio.timeout(10):
            await arrived.wait()
    assert heard == [Notice("pay_1/2", Captured())]


async def test_a_payment_is_not_captured_in_parts(gateway):
    """Which the settings refuse before; here nothing is set aside that could not be taken as it was meant."""
    with pytest.raises(GatewayMisuse, match="multicapture"):
        await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_card_visa", in_parts=True)
    assert await gateway.find("pay_1/1") is None
    charge = await gateway.authorize("pay_2/1", ORDER, PRICE, "pm_card_visa")
    with pytest.raises(GatewayMisuse, match="multicapture"):
        await gateway.capture("pay_2/3", charge.reference, Money(500, "USD"), more=True)
