"""A connection of a client that speaks for itself."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit


async def connected(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    at = urlsplit(url)
    return await asyncio.open_connection(at.hostname, at.port)
