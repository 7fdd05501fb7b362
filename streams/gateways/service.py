"""The simulated provider as a service of its own: its gateway behind signed requests, and its report."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import islice

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from commands.engine import now_ms
from domain.books.reconciliation import Movement
from domain.stored.codec import DAMAGED
from streams.gateways import wire
from streams.gateways.port import (
    FOREVER,
    BadSignature,
    GatewayError,
    GatewayMisuse,
    GatewayTimeout,
    PaymentGateway,
)
from streams.gateways.settlement import csv_lines
from streams.gateways.signatures import Signer
from streams.gateways.simulated import SimulatedGateway

CALLS_MAX = 1_000
"""Under way at one time; further ones are asked to come later."""
ROWS_AT_ONCE = 1_000


class Service:
    """Takes the gateway's calls over HTTP, signed with the secret that both sides share, and tells its report."""

    def __init__(
        self, gateway: SimulatedGateway, signer: Signer, registry: CollectorRegistry, clock: Callable[[], int] = now_ms
    ) -> None:
        self._gateway = gateway
        self._signer = signer
        self._registry = registry
        self._clock = clock
        self._under_way = 0
        self._counted = Counter(
            "kontor_provider_calls", "Calls by kind and outcome.", ["kind", "outcome"], registry=registry
        )

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route(wire.CALLS, self.call, methods=["POST"]),
                Route(wire.SETTLEMENT, self.settlement, methods=["GET"]),
                Route("/livez", self.alive),
                Route("/metrics", self.metrics),
            ]
        )

    async def call(self, request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _refusal(413, f"a call has at most {wire.CALL_BYTES_MAX} bytes")
        try:
            self._verify(request, body)
            call = wire.decode_call.decode(body)
        except BadSignature as error:
            return _refusal(wire.NOT_GENUINE, str(error))
        except DAMAGED as error:
            return _refusal(wire.MISUSE, f"not a call: {error}")
        if self._under_way >= CALLS_MAX:
            return _refusal(wire.NOTHING_DONE, "too many calls at once")
        self._under_way += 1
        try:
            return await self._answer(call)
        finally:
            self._under_way -= 1

    async def settlement(self, request: Request) -> Response:
        try:
            self._verify(request, b"")
        except BadSignature as error:
            return _refusal(wire.NOT_GENUINE, str(error))
        try:
            since, until = (_instant(request, name, default) for name, default in (("since", 0), ("until", FOREVER)))
        except ValueError as error:
            return _refusal(wire.MISUSE, str(error))
        return StreamingResponse(self._report(since, until), media_type="text/csv")

    async def _report(self, since: int, until: int) -> AsyncIterator[str]:
        """In pieces, between which others are served."""
        rows = self._gateway.report(since, until)
        yield csv_lines([Movement._fields])
        while some := list(islice(rows, ROWS_AT_ONCE)):
            yield csv_lines(some)

    async def alive(self, request: Request) -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def metrics(self, request: Request) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    def _verify(self, request: Request, body: bytes) -> None:
        signed = self._signer.verify(request.headers, body, self._clock() / 1000)
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if signed != wire.signed_id(request.method, asked):
            raise BadSignature("signed for another request")

    async def _answer(self, call: wire.Call) -> Response:
        kind = str(call.__struct_config__.tag)
        try:
            answer = await perform(self._gateway, call)
        except GatewayMisuse as error:
            response, outcome = _refusal(wire.MISUSE, str(error)), "misuse"
        except GatewayError as error:
            response, outcome = _refusal(wire.NOTHING_DONE, str(error)), "error"
        except GatewayTimeout as error:
            response, outcome = _refusal(wire.NOT_KNOWN, str(error)), "timeout"
        else:
            outcome = "unknown" if answer is None else str(answer.__struct_config__.tag)
            response = Response(wire.encode(answer), media_type="application/json")
        self._counted.labels(kind, outcome).inc()
        return response


async def perform(gateway: PaymentGateway, call: wire.Call) -> wire.Answer:
    """Raises GatewayError and GatewayTimeout."""
    match call:
        case wire.Authorize(key, order_id, amount, token, in_parts):
            return await gateway.authorize(key, order_id, amount, token, in_parts=in_parts)
        case wire.Capture(key, reference, amount, more):
            return await gateway.capture(key, reference, amount, more=more)
        case wire.Void(key, reference):
            return await gateway.void(key, reference)
        case wire.Refund(key, reference, amount):
            return await gateway.refund(key, reference, amount)
        case wire.Find(key):
            return await gateway.find(key)
        case wire.Disputes(reference):
            return wire.DisputesOf(tuple(await gateway.disputes(reference)))


async def _body(request: Request) -> bytes | None:
    """None when it is too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > wire.CALL_BYTES_MAX:
            return None
    return body


def _instant(request: Request, name: str, default: int) -> int:
    """Milliseconds since 1970. Raises ValueError."""
    given = request.query_params.get(name, str(default))
    if not (given.isascii() and given.isdecimal() and len(given) <= 19):
        raise ValueError(f"{name} is not a number of milliseconds since 1970")
    return int(given)


def _refusal(status: int, reason: str) -> Response:
    return Response(wire.encode(wire.Refusal(reason)), status, media_type="application/json")
