"""Heads that were written beforehand arrive as any other, over real sockets."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from readapi.edge.written import START, Written, lines_of
from tests.streams.gateways.serving import listening

BODY = b'{"productId":"prd_1"}'
KNOWN = Written([(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY)), (b"etag", b'"1"')])
LATER = [(b"kontor-position", b"7"), (b"x-frame-options", b"DENY")]


async def answers(scope: Any, receive: Any, send: Any) -> None:
    """``/written`` says what is written already, ``/split`` has a value that would end its line."""
    later = [*LATER, (b"location", b"/\r\nset-cookie: mine")] if scope["path"] == "/split" else LATER
    start: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [*KNOWN, *later]}
    if scope["path"] != "/plain":
        start[START] = KNOWN
    await send(start)
    await send({"type": "http.response.body", "body": BODY})


async def told(path: str, method: str = "GET", connection: str = "keep-alive", times: int = 1) -> list[bytes]:
    """The answers to the same request, sent so often at once; without the line that says the time."""
    async with listening(answers) as url, asyncio.timeout(30):
        at = urlsplit(url)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        request = f"{method} {path} HTTP/1.1\r\nHost: kontor.test\r\nConnection: {connection}\r\n\r\n"
        writer.write(request.encode() * times)
        found = []
        for _ in range(times):
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0 if method == "HEAD" else int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            lines = [line for line in head.split(b"\r\n") if not line.startswith(b"date:")]
            found.append(b"\r\n".join(lines) + await reader.readexactly(length))
        writer.close()
        return found


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_it_is_what_would_have_been_written(method: str, connection: str) -> None:
    (written,), (plain,) = await told("/written", method, connection), await told("/plain", method, connection)
    assert sorted(written.split(b"\r\n")) == sorted(plain.split(b"\r\n"))
    assert written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert written.endswith(b"\r\n\r\n" + (BODY if method == "GET" else b""))


async def test_requests_behind_it_are_answered() -> None:
    answers = await told("/written", times=3)
    assert answers == answers[:1] * 3


async def test_no_value_adds_a_header() -> None:
    (answer,) = await told("/split")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in answer


@pytest.mark.parametrize("value", [b"a\r\nb: c", b"a\nb", b"\x00", b"\x7f", b"\x1f"])
def test_a_value_has_no_control_characters(value: bytes) -> None:
    with pytest.raises(ValueError, match="control character"):
        lines_of([(b"etag", b'"1"'), (b"x", value)])


def test_other_bytes_stay_as_they_are() -> None:
    assert lines_of([(b"x", b"caf\xe9\ta b")]) == b"x: caf\xe9\ta b\r\n"
