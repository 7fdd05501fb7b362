"""Stripe as a stub, and a gateway that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from streams.gateways.stripe import gateway as adapter
from streams.gateways.stripe.gateway import StripeGateway
from tests.streams.gateways.stripe_stub import Stub, opened
from tests.webserver import serving


@pytest.fixture
async def stub(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Stub, StripeGateway]]:
    monkeypatch.setattr(adapter, "RETRIES", 0)
    made = Stub()
    async with serving(web.route("*", "/{path:.*}", made.take)) as url, opened(url) as gateway:
        yield made, gateway
