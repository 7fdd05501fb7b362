"""A page that somebody asks for in a language."""

from __future__ import annotations

import httpx

from tests.e2e.shopper import Shopper


async def asked(reader: Shopper, path: str, language: str = "", **headers: str) -> httpx.Response:
    sent = {"Kontor_Min_Position": reader.position, "Prefer": "wait=10"} | (
        {"Accept_Language": language} if language else {}
    )
    return await reader.send("GET", path, None, **sent, **headers)
