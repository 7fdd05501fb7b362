"""The metrics of one of several processes that share a port, at an address of its own.

A scrape of the shared port meets whichever process takes the connection, so what it tells jumps from one to another.
With KONTOR_METRICS_PORT process 0 tells of itself there, process 1 one port further, and so on; whoever collects adds
them up. It is told in the event loop, since what some gauges look at must not move meanwhile.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from kontor import console
from kontor.settings import Settings

NUMBER = "KONTOR_PROCESS"
"""Set for the processes of ``--workers``: 0, 1, 2 …"""
HEAD_S = 5.0
"""How long the head of a request may take."""
TELL_S = 10.0


def has_addresses(settings: Settings) -> bool:
    """Whether a port was named; the usual one is for relay and workers, which may be on the same machine."""
    return bool(settings.metrics_port) and "metrics_port" in settings.model_fields_set


def port_of(settings: Settings) -> int | None:
    """Of this process; None unless it is one of several, and a port was named."""
    number = os.environ.get(NUMBER)
    return settings.metrics_port + int(number) if number is not None and has_addresses(settings) else None


@asynccontextmanager
async def told_apart(registry: CollectorRegistry, settings: Settings) -> AsyncIterator[None]:
    """Where another process has the port a line says so, and nothing else is held up."""
    port = port_of(settings)
    if port is None:
        yield
        return
    try:
        server = await listen(registry, settings.host, port)
    except OSError as error:
        console.err.print(f"kontor: no metrics on {settings.host}:{port}: {error.strerror}", markup=False)
        yield
        return
    async with server:
        yield


async def listen(registry: CollectorRegistry, host: str, port: int) -> asyncio.Server:
    """Raises OSError."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
            async with asyncio.timeout(HEAD_S):
                head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1:2]
            known = head.startswith(b"GET ") and path == [b"/metrics"]
            writer.write(_response(generate_latest(registry) if known else b"", known))
            async with asyncio.timeout(TELL_S):
                await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, host, port)


def _response(body: bytes, known: bool) -> bytes:
    status = "200 OK" if known else "404 Not Found"
    head = (f"HTTP/1.1 {status}", f"Content-Type: {CONTENT_TYPE_LATEST}", f"Content-Length: {len(body)}")
    return "\r\n".join((*head, "Connection: close", "", "")).encode() + body
