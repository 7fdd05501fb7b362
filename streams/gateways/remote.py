"""A gateway that is a process of its own, reached over HTTP.

A call that certainly came to nothing is a GatewayError, one that may have come to anything a GatewayTimeout; whoever
is in doubt takes the second, because ``find`` settles it.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import aiohttp

from commands.engine import now_ms
from domain.books.reconciliation import Movement
from domain.money import Money
from domain.stored.codec import DAMAGED
from streams.gateways import wire
from streams.gateways.callbacks import read_callback
from streams.gateways.port import (
    FOREVER,
    Authorized,
    Captured,
    CaptureRefused,
    Declined,
    Dispute,
    Disputed,
    GatewayError,
    GatewayMisuse,
    GatewayTimeout,
    Notice,
    Outcome,
    Pending,
    Refunded,
    RefundRefused,
    Voided,
)
from streams.gateways.settlement import read_csv
from streams.gateways.signatures import Signer

CONNECTIONS_MAX = 64
CONNECT_S = 2.0
CALL_S = 8.0
REPORT_S = 600.0
REASON_MAX = 200
"""Characters of a stranger's words that are kept."""


class RemoteGateway:
    """``secret`` signs the requests and is what callbacks have to be signed with. ``clock`` gives milliseconds."""

    def __init__(self, url: str, secret: bytes | str, *, clock: Callable[[], int] = now_ms) -> None:
        self.name = "simulated"
        self._url = url.rstrip("/")
        self._signer = Signer(secret)
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Connects with the first call. Not needed for ``notice``."""
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    # the port

    async def authorize(
        self, key: str, order_id: str, amount: Money, token: str, *, in_parts: bool = False
    ) -> Authorized | Declined | Pending:
        answer = await self._call(wire.Authorize(key, order_id, amount, token, in_parts))
        if isinstance(answer, Authorized | Declined | Pending):
            return answer
        raise _beside_the_point(answer)

    async def capture(
        self, key: str, reference: str, amount: Money, *, more: bool = False
    ) -> Captured | CaptureRefused | Pending:
        answer = await self._call(wire.Capture(key, reference, amount, more))
        if isinstance(answer, Captured | CaptureRefused | Pending):
            return answer
        raise _beside_the_point(answer)

    async def void(self, key: str, reference: str) -> Voided | Pending:
        answer = await self._call(wire.Void(key, reference))
        if isinstance(answer, Voided | Pending):
            return answer
        raise _beside_the_point(answer)

    async def refund(self, key: str, reference: str, amount: Money) -> Refunded | RefundRefused | Pending:
        answer = await self._call(wire.Refund(key, reference, amount))
        if isinstance(answer, Refunded | RefundRefused | Pending):
            return answer
        raise _beside_the_point(answer)

    async def find(self, key: str) -> Outcome | Pending | None:
        answer = await self._call(wire.Find(key))
        if isinstance(answer, wire.DisputesOf):
            raise _beside_the_point(answer)
        return answer

    async def disputes(self, reference: str) -> Sequence[Dispute]:
        answer = await self._call(wire.Disputes(reference))
        if isinstance(answer, wire.DisputesOf):
            return answer.disputes
        raise _beside_the_point(answer)

    def notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | Disputed:
        return read_callback(self._signer, body, headers, self._clock())

    async def settlement(self, since: int = 0, until: int = FOREVER) -> AsyncIterator[Movement]:
        """Raises what calls raise, and GatewayTimeout for what is no report."""
        path = f"{wire.SETTLEMENT}?since={since}&until={until}"
        status, body = await self._ask("GET", path, within_s=REPORT_S)
        if status != 200:
            raise _refused(status, body)
        try:
            for movement in read_csv(io.StringIO(body.decode(), newline="")):
                yield movement
        except ValueError as error:
            raise GatewayTimeout(f"the provider's report cannot be read: {error}") from error

    # the wire

    async def _call(self, call: wire.Call) -> wire.Answer:
        status, body = await self._ask("POST", wire.CALLS, wire.encode(call))
        if status == 200:
            try:
                return wire.decode_answer.decode(body)
            except DAMAGED as error:
                raise GatewayTimeout(f"the provider answered something else than an outcome: {error}") from error
        raise _refused(status, body)

    async def _ask(self, method: str, path: str, body: bytes = b"", within_s: float | None = None) -> tuple[int, bytes]:
        assert self._session is not None, "not started"
        headers = self._signer.headers(wire.signed_id(method, path), self._clock() // 1000, body)
        headers["content-type"] = "application/json"
        timeout = aiohttp.ClientTimeout(total=within_s or CALL_S, sock_connect=CONNECT_S)
        try:
            async with self._session.request(
                method, self._url + path, data=body, headers=headers, timeout=timeout
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise GatewayError(f"the provider cannot be reached: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise GatewayTimeout(f"no answer: {error!r}") from error


def _beside_the_point(answer: wire.Answer) -> GatewayTimeout:
    """What was done is open when the answer is to another question."""
    return GatewayTimeout(f"the provider answered {answer!r}")


def _refused(status: int, body: bytes) -> GatewayError | GatewayTimeout:
    try:
        reason = wire.decode_refusal.decode(body).reason
    except DAMAGED:
        reason = body[:REASON_MAX].decode("utf-8", "replace")
    said = f"{status} {reason}"[:REASON_MAX]
    if status == wire.MISUSE:
        return GatewayMisuse(said)
    if status in (wire.NOTHING_DONE, wire.NOT_GENUINE):
        return GatewayError(said)
    return GatewayTimeout(said)
