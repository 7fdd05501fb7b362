"""The gateway over HTTP: the contract, what its signatures keep out, and what becomes of calls that fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.engine import now_ms
from domain.books.reconciliation import Movement
from domain.money import Money
from streams.gateways import callbacks, remote, wire
from streams.gateways.port import (
    Authorized,
    Captured,
    Declined,
    GatewayError,
    GatewayMisuse,
    GatewayTimeout,
    Notice,
    Pending,
    Refunded,
    RefundRefused,
)
from streams.gateways.posting import Posting
from streams.gateways.remote import RemoteGateway
from streams.gateways.service import CALLS_MAX
from streams.gateways.signatures import Signer
from streams.gateways.simulated import SimulatedGateway
from tests.contracts.gateway import ORDER, PRICE, PartsContract
from tests.streams.gateways.serving import SECRET, client, listening, opened, provider

KEY = "pay_1/1"


class TestRemoteGateway(PartsContract):
    def open(self, folder):
        return opened(folder)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[RemoteGateway]:
    async with opened(tmp_path) as gateway:
        yield gateway


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with provider(tmp_path) as url:
        yield url


# what a call can come to


async def test_a_timeout_may_hide_a_charge(gateway):
    with pytest.raises(GatewayTimeout):
        await gateway.authorize(KEY, ORDER, PRICE, "pm_sim_timeout")
    assert isinstance(await gateway.find(KEY), Authorized)


async def test_a_timeout_may_hide_nothing(gateway):
    with pytest.raises(GatewayTimeout):
        await gateway.authorize(KEY, ORDER, PRICE, "pm_sim_timeout_nothing")
    assert await gateway.find(KEY) is None


async def test_an_error_has_no_effect_and_passes(gateway):
    with pytest.raises(GatewayError) as refused:
        await gateway.authorize(KEY, ORDER, PRICE, "pm_sim_error_then_good")
    assert not isinstance(refused.value, GatewayMisuse)
    assert isinstance(await gateway.authorize(KEY, ORDER, PRICE, "pm_sim_error_then_good"), Authorized)


async def test_a_misuse_is_told_from_an_error(gateway):
    with pytest.raises(GatewayMisuse, match="no charge ch_nothing"):
        await gateway.void("pay_1/4", "ch_nothing")


async def test_what_is_pending_says_so(gateway):
    assert await gateway.authorize(KEY, ORDER, PRICE, "pm_sim_lost_webhook") == Pending()


async def test_a_provider_that_is_not_there_has_done_nothing():
    async with client("http://127.0.0.1:1") as gateway:
        with pytest.raises(GatewayError, match="cannot be reached"):
            await gateway.find(KEY)


async def answering(status: int, body: bytes) -> Any:
    async def answer(request: Request) -> Response:
        return Response(body, status)

    return Starlette(routes=[Route(wire.CALLS, answer, methods=["POST"])])


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (200, b'{"type":"voided"}'), (500, b"boom"), (502, b'{"reason":"no upstream"}'), (302, b"")],
)
async def test_whatever_else_is_answered_leaves_the_outcome_open(status, body):
    async with listening(await answering(status, body)) as url, client(url) as gateway:
        with pytest.raises(GatewayTimeout):
            await gateway.authorize(KEY, ORDER, PRICE, "pm_card_visa")


async def test_so_does_a_connection_that_breaks_or_goes_silent(monkeypatch):
    monkeypatch.setattr(remote, "CALL_S", 0.2)
    silent, ended = asyncio.Event(), asyncio.Event()

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if silent.is_set():
            await reader.read()  # until the other side has had enough
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with client(f"http://127.0.0.1:{port}") as gateway:
        for _ in range(2):
            with pytest.raises(GatewayTimeout):
                await gateway.authorize(KEY, ORDER, PRICE, "pm_card_visa")
            await ended.wait()
            ended.clear()
            silent.set()
    server.close()
    await server.wait_closed()


async def test_more_than_it_can_take_is_put_off(tmp_path, monkeypatch):
    monkeypatch.setattr("streams.gateways.service.CALLS_MAX", 0)
    assert CALLS_MAX == 1_000
    async with opened(tmp_path) as gateway:
        with pytest.raises(GatewayError, match="too many calls"):
            await gateway.find(KEY)


# signatures


async def test_whoever_does_not_know_the_secret_does_nothing(url):
    async with client(url, b"another secret") as stranger:
        with pytest.raises(GatewayError, match="401 no signature matches"):
            await stranger.authorize(KEY, ORDER, PRICE, "pm_card_visa")
        with pytest.raises(GatewayError, match="401"):
            await reported(stranger)
    async with client(url) as gateway:
        assert await gateway.find(KEY) is None


@pytest.mark.parametrize(
    "signed", [("POST /v1/calls", b"another body"), ("POST /v1/other", None), ("GET /v1/settlement", None), ("m", None)]
)
async def test_a_signature_is_good_for_one_request_only(url, signed):
    name, other = signed
    body = wire.encode(wire.Authorize(KEY, ORDER, PRICE, "pm_card_visa"))
    async with client(url) as gateway, aiohttp.ClientSession() as http:
        headers = Signer(SECRET).headers(name, gateway._clock() // 1000, body if other is None else other)
        async with http.post(url + wire.CALLS, data=body, headers=headers) as answer:
            assert answer.status == 401
        assert await gateway.find(KEY) is None


async def test_a_call_that_was_recorded_by_somebody_is_soon_worthless(url):
    body = wire.encode(wire.Find(KEY))
    headers = Signer(SECRET).headers(wire.signed_id("POST", wire.CALLS), 1_700_000_000, body)
    async with aiohttp.ClientSession() as http, http.post(url + wire.CALLS, data=body, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (401, {"reason": "the timestamp is too far from now"})


@pytest.mark.parametrize(
    ("body", "status"), [(b"{}", 409), (b'{"type":"steal"}', 409), (b"x" * (wire.CALL_BYTES_MAX + 1), 413)]
)
async def test_what_is_no_call_is_refused(url, body, status):
    async with client(url) as gateway, aiohttp.ClientSession() as http:
        headers = Signer(SECRET).headers(wire.signed_id("POST", wire.CALLS), gateway._clock() // 1000, body)
        async with http.post(url + wire.CALLS, data=body, headers=headers) as answer:
            assert answer.status == status


# callbacks, the report, and what a supervisor asks


async def test_callbacks_are_posted_signed_and_posted_again_until_they_are_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(callbacks, "RETRY_MS", (10, 10))
    notices: list[Any] = []
    statuses = [500, 302, 200, 200]
    all_taken = asyncio.Event()

    async def take(request: Request) -> Response:
        notices.append(RemoteGateway("", SECRET).notice(await request.body(), request.headers))
        if len(notices) == len(statuses):
            all_taken.set()
        return Response(status_code=statuses[len(notices) - 1], headers={"location": "/elsewhere"})

    async with listening(Starlette(routes=[Route("/hook", take, methods=["POST"])])) as hook:
        posting = Posting(f"{hook}/hook")
        await posting.start()
        async with opened(tmp_path, posting.deliver) as gateway:
            assert await gateway.authorize(KEY, ORDER, PRICE, "pm_sim_duplicate_webhook") == Pending()
            charge = await gateway.find(KEY)
            async with asyncio.timeout(10):
                await all_taken.wait()
        await posting.close()
    assert notices == [Notice(KEY, charge)] * 4


async def test_how_disputes_stand_is_asked_over_http(tmp_path):
    simulated = SimulatedGateway(tmp_path / "provider.db", SECRET)
    await simulated.start()
    async with opened(tmp_path) as gateway:
        charge = await gateway.authorize(KEY, ORDER, PRICE, "pm_card_visa")
        await gateway.capture("pay_1/2", charge.reference, PRICE)
        dispute_id = await simulated.open_dispute(charge.reference, PRICE)
        [known] = await gateway.disputes(charge.reference)
        assert (known.dispute_id, known.payment_id, known.amount, known.status) == (dispute_id, "pay_1", PRICE, "open")
        assert isinstance(await gateway.refund("pay_1/4", charge.reference, PRICE), RefundRefused)
        await simulated.decide_dispute(charge.reference, dispute_id, "won")
        assert [one.status for one in await gateway.disputes(charge.reference)] == ["won"]
        assert await gateway.refund("pay_1/6", charge.reference, PRICE) == Refunded()
        assert {row.kind for row in await reported(gateway)} >= {"dispute", "reinstatement"}
    await simulated.close()


async def test_whoever_answers_something_else_has_not_answered():
    async def answer(request: Request) -> Response:
        return Response(b'{"type":"captured"}')

    app = Starlette(routes=[Route(wire.CALLS, answer, methods=["POST"])])
    async with listening(app) as url, client(url) as gateway:
        with pytest.raises(GatewayTimeout):
            await gateway.disputes("ch_1")


async def test_the_report_is_the_providers(gateway):
    charge = await gateway.authorize(KEY, ORDER, PRICE, "pm_card_visa")
    assert await gateway.capture("pay_1/2", charge.reference, PRICE) == Captured()
    assert await gateway.authorize("pay_2/1", "ord_2", Money(5, "EUR"), "pm_card_declined") == Declined("card_declined")
    rows = await reported(gateway)
    assert [(row.key, row.order_id, row.kind, row.amount, row.fee, row.currency) for row in rows] == [
        (KEY, ORDER, "authorize", 1999, 0, "USD"),
        ("pay_1/2", ORDER, "capture", 1999, 0, "USD"),
    ]


async def test_a_report_of_another_period_needs_another_signature(url):
    signed = wire.signed_id("GET", f"{wire.SETTLEMENT}?since=0&until=1")
    headers = Signer(SECRET).headers(signed, now_ms() // 1000, b"")
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{url}{wire.SETTLEMENT}?since=0&until=1", headers=headers) as answer:
            assert (answer.status, await answer.text()) == (200, ",".join(Movement._fields) + "\n")
        async with http.get(f"{url}{wire.SETTLEMENT}?since=0&until=2", headers=headers) as answer:
            assert answer.status == 401


async def test_a_period_that_is_none_is_refused(url):
    async with client(url) as gateway:
        with pytest.raises(GatewayMisuse, match="since is not a number of milliseconds"):
            [row async for row in gateway.settlement(since=-1)]


@pytest.mark.parametrize("body", [b"<html>", b"\xff", b"key,reference,order_id,kind,amount,fee,currency,at\nk\n"])
async def test_what_is_no_report_is_not_taken_for_one(body):
    async def answer(request: Request) -> Response:
        return Response(body)

    app = Starlette(routes=[Route(wire.SETTLEMENT, answer)])
    async with listening(app) as url, client(url) as gateway:
        with pytest.raises(GatewayTimeout, match="cannot be read"):
            await reported(gateway)


async def reported(gateway: RemoteGateway) -> list[Movement]:
    return [row async for row in gateway.settlement()]


async def test_it_is_alive_and_counts_its_calls(url):
    async with client(url) as gateway, aiohttp.ClientSession() as http:
        await gateway.authorize(KEY, ORDER, PRICE, "pm_card_visa")
        await gateway.find("pay_2/1")
        async with http.get(f"{url}/livez") as alive, http.get(f"{url}/metrics") as metrics:
            assert alive.status == 200
            text = await metrics.text()
    assert 'kontor_provider_calls_total{kind="authorize",outcome="authorized"} 1.0' in text
    assert 'kontor_provider_calls_total{kind="find",outcome="unknown"} 1.0' in text
