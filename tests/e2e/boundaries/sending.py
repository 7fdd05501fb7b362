"""Requests as nobody should send them, and that they leave no trace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.e2e.house import House
from tests.e2e.shopper import Shopper, fresh_key

OFFER_PRICE: dict[str, Any] = {"amount": 100, "currency": "USD"}
JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def no_trace(house: House) -> AsyncIterator[None]:
    """Nothing is in the log after the block that was not there before."""
    head = await house.head()
    yield
    assert await house.head() == head, [row.topic for row in await house.services.log.read(head, 10)]


async def post(shopper: Shopper, path: str, content: bytes | str, **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {shopper.token}", "Idempotency-Key": fresh_key(), **JSON, **headers}
    return await shopper.http.post(path, content=content, headers=sent)
