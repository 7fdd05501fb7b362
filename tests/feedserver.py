"""A merchant's web server, on this machine: serves the files of feeds, as well or as badly as it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.webserver import serving


@dataclass
class FeedServer:
    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    """Where a name redirects to."""
    cut: dict[str, int] = field(default_factory=dict)
    """Bytes after which the connection breaks, although the whole length was announced."""
    status: int = 200
    slow_s: float = 0.0
    asked: list[Mapping[str, str]] = field(default_factory=list)
    """Headers of each request."""
    answered: list[int] = field(default_factory=list)

    def of(self, name: str) -> str:
        return f"{self.url}/{name}"

    async def give(self, request: web.Request) -> web.StreamResponse:
        self.asked.append({key.lower(): value for key, value in request.headers.items()})
        answer = self._answer(request)
        self.answered.append(answer.status)
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        name = request.match_info["name"]
        if answer.status == 200 and name in self.cut:
            return await self._broken(request, self.files[name], self.cut[name])
        return answer

    def _answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if self.status != 200:
            return web.Response(status=self.status)
        if name in self.moved:
            return web.Response(status=302, headers={"location": self.moved[name]})
        if name not in self.files:
            return web.Response(status=404)
        tag = self.tags.get(name, "")
        if tag and request.headers.get("if-none-match") == tag:
            return web.Response(status=304)
        return web.Response(body=self.files[name], headers={"etag": tag} if tag else {})

    async def _broken(self, request: web.Request, body: bytes, after: int) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"content-length": str(len(body))})
        await answer.prepare(request)
        await answer.write(body[:after])
        await asyncio.sleep(0.05)
        assert request.transport is not None
        request.transport.close()
        return answer


@asynccontextmanager
async def feed_server() -> AsyncIterator[FeedServer]:
    server = FeedServer()
    async with serving(web.get("/{name}", server.give)) as server.url:
        yield server
