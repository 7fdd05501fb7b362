"""Responses whose headers are bytes already: what is left of a cached answer is to send it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from readapi.edge.positions import HEADER
from readapi.edge.written import START, Written

_POSITION = HEADER.lower().encode()
JSON = b"application/json"
HTML = b"text/html; charset=utf-8"
_NOT_IN_304 = frozenset((b"content-length", b"content-type"))
RawHeaders = Sequence[tuple[bytes, bytes]]


class Ready(Response):
    """What shows ``position``: JSON, unless ``headers`` say otherwise. They are complete, length included; without any,
    the answer is not kept. ``age`` is for an answer made earlier, in seconds."""

    written: Written | None = None

    def __init__(
        self, body: bytes, position: int, headers: RawHeaders = (), status: int = 200, age: int | None = None
    ) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        if type(headers) is Written:
            self.written = headers
        self.raw_headers = list(headers) or [*headers_of(body), (b"cache-control", b"no-cache")]
        self.raw_headers.append((_POSITION, str(position).encode()))
        if age is not None:
            self.raw_headers.append((b"age", str(age).encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        if self.written is not None:
            start[START] = self.written
        await send(start)
        await send({"type": "http.response.body", "body": self.body})


def answer(body: Any, position: int, *headers: tuple[bytes, bytes]) -> Ready:
    """For whoever asked, and for nobody's cache."""
    encoded = msgspec.json.encode(body)
    return Ready(encoded, position, (*headers_of(encoded), (b"cache-control", b"private, no-store"), *headers))


def headers_of(body: bytes, media_type: bytes = JSON) -> tuple[tuple[bytes, bytes], ...]:
    return (b"content-type", media_type), (b"content-length", str(len(body)).encode())


class Unchanged(Ready):
    """304 for what would have been sent with ``headers``."""

    def __init__(self, headers: RawHeaders, position: int) -> None:
        super().__init__(b"", position, [header for header in headers if header[0] not in _NOT_IN_304], 304)
