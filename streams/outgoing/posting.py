"""Posting to strangers over HTTP: bounded in time, to addresses that were judged, and no further than they answer."""

from __future__ import annotations

import aiohttp
from yarl import URL

from domain.outgoing.subscription import SUBSCRIPTIONS_MAX
from streams.outgoing.addresses import PrivateAddress, sockets
from streams.outgoing.courier import AT_ONCE
from streams.outgoing.port import NotSent

CALL_S = 10.0
CONNECT_S = 5.0
CONNECTIONS_MAX = SUBSCRIPTIONS_MAX * AT_ONCE
"""So that receivers that do not answer take nobody else's."""
AGENT = "Kontor-Webhooks/1"


class Posting:
    def __init__(self, *, private: bool) -> None:
        """``private`` allows private addresses. To be made in the event loop that uses it."""
        connector = aiohttp.TCPConnector(limit=CONNECTIONS_MAX, use_dns_cache=False, socket_factory=sockets(private))
        self._http = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=CALL_S, connect=CONNECT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def close(self) -> None:
        await self._http.close()

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer, whose body nobody reads; redirects are not followed. Raises NotSent."""
        sending = {**headers, "content-type": "application/json", "user-agent": AGENT}
        try:
            async with self._http.post(URL(url), data=body, headers=sending, allow_redirects=False) as answer:
                return answer.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise NotSent(_reason(error)) from error


def _reason(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return str(cause) if isinstance(cause, PrivateAddress) else type(cause).__name__
