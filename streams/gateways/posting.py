"""Callbacks over HTTP: where the simulated provider, as a process of its own, sends them."""

from __future__ import annotations

import aiohttp

TIMEOUT_S = 5.0


class Posting:
    """Open it with ``start``; then ``deliver`` is what ``Callbacks`` wants."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def deliver(self, body: bytes, headers: dict[str, str]) -> None:
        """Raises when it was not answered with 2xx; redirects are not followed."""
        assert self._session is not None, "not started"
        sent = {**headers, "content-type": "application/json"}
        async with self._session.post(self._url, data=body, headers=sent, allow_redirects=False) as answer:
            if not 200 <= answer.status < 300:
                raise ConnectionError(f"the listener answered {answer.status}")
