"""An answer that is given before the request was read to its end arrives all the same, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from kontor.serving import cork
from tests.kontor.serving.connecting import connected
from tests.streams.gateways.serving import listening

MEGABYTES = 12
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    """Whatever it is: too large, after its first bytes."""
    await receive()
    headers = [(b"content-length", b"9"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"too large"})


async def sends_all_of_it(url: str) -> bytes:
    """A client that reads when it has written, as most do."""
    reader, writer = await connected(url)
    size = MEGABYTES << 20
    writer.write(b"PUT /picture HTTP/1.1\r\nHost: kontor.test\r\nContent-Length: %d\r\n\r\n" % size)
    for _ in range(MEGABYTES):
        writer.write(bytes(1 << 20))
        await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize("loop", LOOPS)
def test_whoever_sends_too_much_is_told_so(loop: str) -> None:
    async def exchange() -> bytes:
        async with listening(refuses) as url, asyncio.timeout(60):
            return await sends_all_of_it(url)

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        answer = runner.run(exchange())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b"\r\n\r\ntoo large")


async def trickle(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 100)
        await writer.drain()
        await asyncio.sleep(0.02)


async def test_whoever_never_ends_is_not_listened_to_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cork, "LINGER_S", 0.3)
    async with listening(refuses) as url, asyncio.timeout(30):
        reader, writer = await connected(url)
        writer.write(b"PUT /picture HTTP/1.1\r\nHost: kontor.test\r\nContent-Length: 99999999\r\n\r\nx")
        assert b"too large" in await reader.readuntil(b"too large")
        with pytest.raises(ConnectionError):
            await trickle(writer)
        writer.close()


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nno header\r\n\r\n", b"\x16\x03\x01\x02\x00"])
async def test_what_is_no_request_is_a_problem_too(sent: bytes) -> None:
    async with listening(refuses) as url, asyncio.timeout(30):
        reader, writer = await connected(url)
        writer.write(sent)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert headers["content-type"] == "application/problem+json"
    assert headers["content-length"] == str(len(body))
    assert headers["connection"] == "close"
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (400, "malformed_request")
    assert problem["type"].endswith("/malformed_request")
    assert len(problem["traceId"]) == 32


async def test_what_is_asked_after_it_is_not_answered() -> None:
    async with listening(refuses) as url, asyncio.timeout(30):
        reader, writer = await connected(url)
        writer.write(b"PUT /picture HTTP/1.1\r\nHost: kontor.test\r\nContent-Length: 2\r\n\r\nx")
        await reader.readuntil(b"too large")
        writer.write(b"xGET /next HTTP/1.1\r\nHost: kontor.test\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
