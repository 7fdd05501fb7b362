"""What answers say that had to do without something."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.shopper import expect


def but(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def ids(body: dict[str, Any]) -> list[str]:
    return [item["productId"] for item in body["items"]]


async def degraded(asked: Any, part: str) -> Any:
    """The body of an answer that says it had to do without something."""
    answer: httpx.Response = await asked
    body = expect(200, answer)
    assert answer.headers["Kontor-Degraded"] == part
    assert "etag" not in answer.headers, "nobody keeps it"
    assert answer.headers["Cache-Control"] in ("no-cache", "no-store", "private, no-store")
    return body
