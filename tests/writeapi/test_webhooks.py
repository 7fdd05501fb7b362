"""Callbacks of the payment provider, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from domain.ids import payment_id
from readapi.edge import problems
from streams.gateways.port import GatewayTimeout, Pending
from streams.gateways.signatures import Signer
from tests.streams.house import SECRET, House, opened, place_order
from writeapi.routes import webhooks


async def silent(key: str) -> Pending:
    return Pending()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as house:
        await house.stock(10)
        yield house


class Services:
    def __init__(self, house: House) -> None:
        self.payments = house.payments


@pytest.fixture
async def client(shop: House) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(webhooks.router)
    problems.install(app)
    app.state.services = Services(shop)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://kontor") as client:
        yield client


async def test_the_route_takes_genuine_callbacks_and_repeats(client, shop):
    shop.gateway.find = silent
    order_id = await shop.buy(place_order(1, "pm_sim_lost_webhook"))
    await asyncio.sleep(0.1)
    [row] = shop.gateway.report()
    body = b'{"key":"%s","outcome":{"type":"authorized","reference":"%s"}}' % (row.key.encode(), row.reference.encode())
    headers = Signer(SECRET).headers("msg_1", shop.engine.clock() // 1000, body)
    for _ in range(2):
        reply = await client.post("/api/webhooks/payments/simulated", content=body, headers=headers)
        assert (reply.status_code, reply.json()) == (200, {"received": True})
    events = await shop.payment_events(order_id)
    assert (events[:2], events.count("PaymentAuthorized")) == (["AuthorizationRequested", "PaymentAuthorized"], 1)
    assert (await shop.engine.state(payment_id(order_id))).reference == row.reference


@pytest.mark.parametrize(
    ("provider", "body", "secret", "status", "code"),
    [
        ("simulated", b"{}", b"another secret", 401, "unauthenticated"),
        ("simulated", b"{}", SECRET, 422, "validation_failed"),
        ("unheard-of", b"{}", SECRET, 404, "not_found"),
    ],
)
async def test_the_route_refuses_what_is_not_genuine(client, shop, provider, body, secret, status, code):
    headers = Signer(secret).headers("msg_1", shop.engine.clock() // 1000, body)
    reply = await client.post(f"/api/webhooks/payments/{provider}", content=body, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


async def test_the_route_wants_a_signature(client):
    reply = await client.post("/api/webhooks/payments/simulated", content=b"{}")
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("key", ["nobody/1", "pay_7ZZZZZZZZZZZZZZZZZZZZZZZZZ/1", "", "ord_1/1", "/1"])
async def test_the_route_takes_note_of_what_is_not_ours_and_does_nothing(client, shop, key):
    # It was an internal error, so the provider sent it again and again.
    head = await shop.log.head()
    body = b'{"key":"%s","outcome":{"type":"authorized","reference":"ch_1"}}' % key.encode()
    headers = Signer(SECRET).headers("msg_1", shop.engine.clock() // 1000, body)
    reply = await client.post("/api/webhooks/payments/simulated", content=body, headers=headers)
    assert (reply.status_code, reply.json()) == (200, {"received": True})
    assert await shop.log.head() == head


async def test_a_callback_of_a_dispute_is_looked_into_and_comes_again_while_nobody_answers(client, shop, monkeypatch):
    order_id = await shop.buy(place_order(1, "pm_card_visa"))
    await shop.ended(order_id)
    state = await shop.engine.state(payment_id(order_id))

    async def away(reference: str) -> None:
        raise GatewayTimeout("no answer")

    async def callback(secret: bytes = SECRET) -> httpx.Response:
        body = b'{"type":"disputed","reference":"%s"}' % state.reference.encode()
        headers = Signer(secret).headers("msg_1", shop.engine.clock() // 1000, body)
        return await client.post("/api/webhooks/payments/simulated", content=body, headers=headers)

    with monkeypatch.context() as patch:
        patch.setattr(shop.gateway, "disputes", away)
        await shop.gateway.open_dispute(state.reference, state.amount)
        reply = await callback()
        assert (reply.status_code, reply.json()["code"]) == (503, "overloaded")
        assert "Retry-After" in reply.headers
    assert (await callback(b"another secret")).status_code == 401
    for _ in range(2):
        assert (await callback()).json() == {"received": True}
    assert (await shop.payment_events(order_id)).count("DisputeOpened") == 1
