"""A browser's session: what it says, and what it is shown of that."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.e2e.shopper import Shopper

WITHIN_S = 60


def session() -> str:
    return secrets.token_urlsafe(16)


async def say(who: Shopper, named: str, *signals: dict[str, Any], **headers: str) -> int:
    body = {"signals": list(signals)}
    taken: int = (await who.do("POST", "/api/signals", body, 202, Kontor_Session=named, **headers))["taken"]
    return taken


def click(product_id: str, query: str = "") -> dict[str, Any]:
    return {"kind": "click", "productId": product_id, **({"query": query} if query else {})}


async def viewed(who: Shopper, named: str, query: str = "", **headers: str) -> list[str]:
    answer = await who.send("GET", f"/api/recently-viewed{query}", Kontor_Session=named, **headers)
    assert answer.headers["Cache-Control"] == "private, no-store"
    return [item["productId"] for item in answer.json()["items"]]


async def becomes(ask: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    until = time.monotonic() + WITHIN_S
    while (found := await ask()) != wanted:
        assert time.monotonic() < until, found
        await asyncio.sleep(0.05)
