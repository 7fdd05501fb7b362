"""Requests to an application of this process, as HTTP would bring them: the same routes, headers and bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec
from starlette.types import ASGIApp

_encode = msgspec.json.Encoder().encode
_HEADERS = ((b"host", b"kontor.internal"), (b"accept", b"application/json"))
_JSON = (b"content-type", b"application/json")


class Answer(NamedTuple):
    """Of an application in this process, which was asked without a socket. Header names are in lower case."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Unexpected(Exception):
    """An answer that was not to come; the message holds the request and the problem."""


class Caller:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.requests = 0

    async def expect(
        self, status: int, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The body of an answer with this status. Raises Unexpected for any other."""
        answer = await self.ask(method, path, body, headers)
        if answer.status != status:
            said = answer.body.decode(errors="replace")[:500]
            raise Unexpected(f"{method} {path} was answered with {answer.status}: {said}")
        return answer.json() if answer.body else None

    async def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        self.requests += 1
        content = b"" if body is None else _encode(body)
        sent = [*_HEADERS, *((name.lower().encode(), value.encode()) for name, value in (headers or {}).items())]
        if content:
            sent += [_JSON, (b"content-length", str(len(content)).encode())]
        exchange = _Exchange(content)
        await self._app(_scope(method, path, sent), exchange.receive, exchange.send)
        return exchange.answer()


class _Exchange:
    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content
        self._over = asyncio.Event()
        self._status = 0
        self._headers: dict[bytes, bytes] = {}
        self._body = b""

    async def receive(self) -> dict[str, Any]:
        if self._content is None:
            await self._over.wait()
            return {"type": "http.disconnect"}
        content, self._content = self._content, None
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {name.lower(): value for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                self._over.set()

    def answer(self) -> Answer:
        return Answer(self._status, self._headers, self._body)


def _scope(method: str, path: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    """``path`` is percent-encoded and may have a query."""
    raw, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("kontor.internal", 80),
        "state": {},
    }
