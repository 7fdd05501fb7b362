"""Whose address counts behind a proxy: what the nearest one that is trusted says, and nobody else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.streams.gateways.serving import listening

CLIENT, INVENTED = "198.51.100.7", "203.0.113.9"


async def tells(scope: Any, receive: Any, send: Any) -> None:
    """Whom it takes the client for."""
    body = scope["client"][0].encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def taken_for(forwarded: str) -> str:
    async with listening(tells) as url, httpx.AsyncClient() as http:
        return (await http.get(url, headers={"X-Forwarded-For": forwarded})).text


async def test_a_proxy_on_this_machine_is_believed_and_whoever_is_before_it_is_not() -> None:
    assert await taken_for(CLIENT) == CLIENT
    assert await taken_for(f"{INVENTED}, {CLIENT}") == CLIENT


async def test_others_are_believed_where_the_operator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.0/8")
    assert await taken_for(CLIENT) == "127.0.0.1"
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1,10.0.0.0/8")
    assert await taken_for(f"{INVENTED}, {CLIENT}, 10.1.2.3") == CLIENT
