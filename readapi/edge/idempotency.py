"""``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header): reading it, digesting the request, and who runs now.

The engine stores the replies, together with the events of the request, and replays them. Here the key is read, the
request is reduced to a digest, and a second request that arrives while the first still runs in this process is sent
away; one that runs in another process meets the log's lock instead.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple

import msgspec
from starlette.requests import Request

from readapi.edge.headers import headers
from readapi.edge.problems import BadParameter, Overloaded, ProblemError
from readapi.edge.structured import parse_string_item

HEADER = "Idempotency-Key"
_HEADER = HEADER.lower().encode()
REPLAYED_HEADER = "Idempotent-Replayed"
KEY_CHARS_MAX = 255
IN_FLIGHT_MAX = 20_000

_decode = msgspec.json.Decoder().decode
_canonical = msgspec.json.Encoder(order="sorted").encode


class IdempotencyKey(NamedTuple):
    """``scope`` is the account (or whatever owns the key), ``digest`` the fingerprint of method, path and body."""

    scope: str
    key: str
    digest: bytes


def parse_key(raw: str) -> str:
    """The key, from a quoted string as the draft has it or bare as most clients send it: ``"8e03"`` is ``8e03``.

    Raises ``BadParameter`` unless it has 1 to 255 visible (when quoted: printable) ASCII characters.
    """
    raw = raw.strip(" ")
    if raw.startswith('"'):
        try:
            key = parse_string_item(raw)
        except ValueError as error:
            raise BadParameter("header", HEADER, str(error)) from None
    else:
        key = raw
        if not key.isascii() or not key.isprintable() or " " in key or '"' in key:
            raise BadParameter("header", HEADER, "a bare key has visible ASCII characters and no quotes")
    if not 1 <= len(key) <= KEY_CHARS_MAX:
        raise BadParameter("header", HEADER, f"a key has 1 to {KEY_CHARS_MAX} characters")
    return key


def key_of(request: Request) -> str:
    """The key of a request that must have one. Raises ``idempotency_key_missing`` or ``BadParameter``."""
    sent = headers(request, _HEADER)
    if not sent:
        raise ProblemError(
            "idempotency_key_missing", f"send the header {HEADER} with a value of your own, such as a UUID"
        )
    if len(sent) > 1:
        raise BadParameter("header", HEADER, "sent more than once")
    return parse_key(sent[0])


async def idempotency_of(request: Request, scope: str) -> IdempotencyKey:
    """Key and fingerprint of a request that must have a key; ``scope`` is the account it belongs to."""
    key = key_of(request)
    return IdempotencyKey(scope, key, fingerprint(request.method, request.scope["path"], await request.body()))


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """SHA-256 over method, path and the body as canonical JSON: sorted names, no spaces.

    Integers and fractions differ (``1`` and ``1.0`` are two bodies); what is not JSON counts byte for byte.
    """
    if body:
        with suppress(ValueError, RecursionError):
            body = _canonical(_decode(body))
    return hashlib.sha256(b"\x00".join((method.encode(), path.encode("utf-8", "surrogatepass"), body))).digest()


class InFlight:
    """The keys whose requests run now in this process, at most ``limit`` of them."""

    def __init__(self, limit: int = IN_FLIGHT_MAX) -> None:
        self._limit = limit
        self._running: dict[tuple[str, str], bytes] = {}

    def __len__(self) -> int:
        return len(self._running)

    def hold(self, key: IdempotencyKey) -> Held:
        """``with in_flight.hold(key): …`` runs the request alone.

        Raises ``idempotency_in_flight``, ``idempotency_key_reused`` when the running request has another body, or
        ``Overloaded``.
        """
        return Held(self, key)

    def enter(self, key: IdempotencyKey) -> None:
        running = self._running.get(key[:2])
        if running is not None:
            if running != key.digest:
                raise ProblemError("idempotency_key_reused", "the key is in use for a request with another body")
            detail = "the first request with this key has not finished; send the same request again later"
            raise ProblemError("idempotency_in_flight", detail)
        if len(self._running) >= self._limit:
            raise Overloaded
        self._running[key[:2]] = key.digest

    def leave(self, key: IdempotencyKey) -> None:
        self._running.pop(key[:2], None)


class Held:
    """Context manager of ``InFlight.hold``; leaves only what it entered."""

    __slots__ = ("_in_flight", "_key")

    def __init__(self, in_flight: InFlight, key: IdempotencyKey) -> None:
        self._in_flight = in_flight
        self._key = key

    def __enter__(self) -> IdempotencyKey:
        self._in_flight.enter(self._key)
        return self._key

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._in_flight.leave(self._key)
