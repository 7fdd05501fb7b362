"""Requests that are never said to their end, over real sockets: they cost the server little, and not for long."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from kontor.serving import heads
from tests.kontor.serving.connecting import connected
from tests.streams.gateways.serving import listening

ASKED = b"GET /things HTTP/1.1\r\nHost: kontor.test\r\n"
POSTED = b"POST /things HTTP/1.1\r\nHost: kontor.test\r\nTransfer-Encoding: chunked\r\n\r\n"
MEGABYTES = 4


async def counts(scope: Any, receive: Any, send: Any) -> None:
    """How long the body is, once it is all there."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = b"%d" % size
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def what_is_answered(url: str, begun: bytes, again: bytes, megabytes: int = MEGABYTES) -> tuple[bytes, int]:
    """To somebody who begins, and then goes on and on; and how many bytes that somebody got rid of."""
    reader, writer = await connected(url)
    writer.write(begun)
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < megabytes << 20:
            writer.write(again)
            await asyncio.wait_for(writer.drain(), 5)
            sent += len(again)
            if reader.at_eof():
                break
    answer = b""
    with contextlib.suppress(ConnectionError):
        answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer, sent


@pytest.mark.parametrize(
    ("begun", "again"),
    [
        pytest.param(ASKED, b"X-Again: " + b"a" * 1000 + b"\r\n", id="headers"),
        pytest.param(ASKED + b"X-Long: ", b"a" * 1000, id="one header"),
        pytest.param(b"GET /", b"a" * 1000, id="address"),
        pytest.param(b"", b"\r\n" * 500, id="empty lines"),
    ],
)
async def test_a_head_without_end_is_refused(begun: bytes, again: bytes) -> None:
    async with listening(counts) as url, asyncio.timeout(60):
        answer, _ = await what_is_answered(url, begun, again)
    assert answer.startswith(b"HTTP/1.1 431 "), answer[:100]
    assert b'"code":"head_too_large"' in answer
    assert b"65536" in answer


async def test_trailers_without_end_are_refused() -> None:
    """The connection ends; whoever waits for the rest of the body hears of it."""
    async with listening(counts) as url, asyncio.timeout(60):
        answer, _ = await what_is_answered(url, POSTED + b"1\r\nx\r\n0\r\n", b"X-Again: " + b"a" * 1000 + b"\r\n")
    assert b"200" not in answer


async def test_a_long_head_and_a_body_byte_by_byte_are_taken() -> None:
    size = 100_000
    padding = b"X-Long: " + b"a" * 60_000 + b"\r\n"
    async with listening(counts) as url, asyncio.timeout(60):
        reader, writer = await connected(url)
        writer.write(POSTED[:-2] + padding + b"\r\n" + b"1\r\nx\r\n" * size + b"0\r\n\r\n")
        writer.write(ASKED + padding + b"\r\n")
        first = await reader.readuntil(b"%d" % size)
        second = await reader.readuntil(b"\r\n\r\n0")
        writer.close()
    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        (b"", b""),
        (b"GET /thi", b"HTTP/1.1 408 "),
        (ASKED, b"HTTP/1.1 408 "),
        (ASKED + b"\r\n" + ASKED, b"HTTP/1.1 200 "),
    ],
    ids=["nothing", "half a line", "no end", "the second one"],
)
async def test_whoever_takes_too_long_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, said: bytes, answered: bytes
) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0.2)
    async with listening(counts) as url, asyncio.timeout(30):
        reader, writer = await connected(url)
        writer.write(said)
        answer = await reader.read()
        writer.close()
    assert answer.startswith(answered), answer
    assert bool(answer) is bool(said)


async def test_nor_is_who_says_nothing_after_an_empty_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes between two requests calls off the wait for the second; an empty line is none."""
    monkeypatch.setattr(heads, "HEAD_S", 0.2)
    async with listening(counts) as url, asyncio.timeout(30):
        reader, writer = await connected(url)
        writer.write(ASKED + b"\r\n")
        await reader.readuntil(b"\r\n\r\n0")
        writer.write(b"\r\n")
        assert await reader.read() == b""
        writer.close()


async def test_a_body_and_a_pause_between_requests_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0.1)
    async with listening(counts) as url, asyncio.timeout(30):
        reader, writer = await connected(url)
        for _ in range(2):
            writer.write(b"POST /things HTTP/1.1\r\nHost: kontor.test\r\nContent-Length: 2\r\n\r\nx")
            await asyncio.sleep(0.3)
            writer.write(b"x")
            assert (await reader.readuntil(b"\r\n\r\n2")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.3)
        writer.close()
