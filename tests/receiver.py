"""A subscriber's server, on this machine: takes webhooks, answers as it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from tests.waiting import until
from tests.webserver import serving


@dataclass
class Call:
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = msgspec.json.decode(self.body)
        return content

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers; then 204."""
    slow_s: float = 0.0
    location: str = ""
    """Where redirects lead."""

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append(Call(headers, await request.read()))
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        status = self.answers.pop(0) if self.answers else 204
        return web.Response(status=status, headers={"Location": self.location} if 300 <= status < 400 else {})

    async def got(self, calls: int, within: float = 10) -> list[Call]:
        """The calls, once there are so many."""
        await until(lambda: len(self.calls) >= calls, within, lambda: self.calls)
        return self.calls


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with serving(web.post("/hook", receiver.take)) as address:
        receiver.url = f"{address}/hook"
        yield receiver
