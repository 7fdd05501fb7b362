"""A small HTTP/1.1 client for load: one connection, one request at a time, next to no work of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec


class Answer(NamedTuple):
    """Of a service, which was asked over a connection of one's own."""

    status: int
    body: bytes
    retry_after: int | None = None
    """In seconds."""

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Client:
    """Kept alive for its whole life. Raises ConnectionError when the server closes in the middle."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        content = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        sent = {"Content-Type": "application/json", **(headers or {})} if content else headers or {}
        lines += [f"{name}: {value}" for name, value in sent.items()]
        lines.append(f"Content-Length: {len(content)}\r\n\r\n")
        self._writer.write("\r\n".join(lines).encode() + content)
        return await self._read(self._reader)

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            return Answer(status, await _chunks(reader))
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 : lower.index(b"\r", at)]) if at >= 0 else 0
        later = lower.find(b"retry-after:")
        retry_after = int(lower[later + 12 : lower.index(b"\r", later)]) if later >= 0 else None
        return Answer(status, await reader.readexactly(length) if length else b"", retry_after)

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return await self.request("GET", path, None, headers)

    async def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        return await self.request("POST", path, body, headers)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """A body of which each part tells its length, and the last one that it has none."""
    body = []
    while length := int(await reader.readuntil(b"\r\n"), 16):
        body.append(await reader.readexactly(length))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(body)


class ByMethod(Client):
    """Queries go to one service and everything else to another, as a gateway would have it."""

    def __init__(self, queries: Client, commands: Client) -> None:
        self._queries, self._commands = queries, commands

    async def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        client = self._queries if method == "GET" else self._commands
        return await client.request(method, path, body, headers)

    def close(self) -> None:
        self._queries.close()
        self._commands.close()
