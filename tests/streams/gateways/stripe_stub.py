"""Stripe as a stub: it gives one answer after the other, whatever is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from streams.gateways.stripe.gateway import StripeGateway
from tests.contracts.gateway import ORDER
from tests.streams.stripe_shapes import shape

SECRET = "whsec_kontor"
MARKS = {"kontor_order": ORDER, "kontor_payment": "pay_1", "kontor_authorize": "pay_1/1"}


@dataclass
class Stub:
    """Answers each request with the next of its answers, and remembers what was asked."""

    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path with query, body."""
    keys: list[str | None] = field(default_factory=list)

    def answer(self, content: Any, status: int = 200) -> None:
        self.answers.append((status, content))

    async def take(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.asked.append((request.method, request.raw_path, body))
        self.keys.append(request.headers.get("idempotency-key"))
        status, content = self.answers.pop(0)
        if content is None:
            await asyncio.sleep(1)
        return web.json_response(content, status=status)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[StripeGateway]:
    gateway = StripeGateway("sk_test_kontor", SECRET, url=url)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.close()


def error(status: int, kind: str = "invalid_request_error", **more: Any) -> tuple[int, Any]:
    return status, {"error": {"type": kind, "message": "So it is.", **more}}


def intent(status: str, **changes: Any) -> dict[str, Any]:
    return shape("payment_intent", id="pi_1", status=status, metadata=MARKS, last_payment_error=None, **changes)
