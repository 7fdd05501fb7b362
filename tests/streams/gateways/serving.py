"""The simulated provider behind HTTP, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from kontor.serving.running import url_of
from kontor.serving.server import bind, server_of
from streams.gateways.callbacks import Deliver
from streams.gateways.remote import RemoteGateway
from streams.gateways.service import Service
from streams.gateways.signatures import Signer
from streams.gateways.simulated import SimulatedGateway

SECRET = b"provider's secret"


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """The URL at which ``app`` answers."""
    opened, server = bind("127.0.0.1", 0), server_of(app)
    task = asyncio.create_task(server.serve(sockets=[opened]))
    try:
        yield url_of(opened)
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def provider(folder: Path, deliver: Deliver | None = None) -> AsyncIterator[str]:
    """Its URL."""
    async with AsyncExitStack() as stack:
        simulated = SimulatedGateway(folder / "provider.db", SECRET, timeout_s=0.01)
        await simulated.start(deliver)
        stack.push_async_callback(simulated.close)
        service = Service(simulated, Signer(SECRET), CollectorRegistry())
        yield await stack.enter_async_context(listening(service.application()))


@asynccontextmanager
async def client(url: str, secret: bytes = SECRET) -> AsyncIterator[RemoteGateway]:
    gateway = RemoteGateway(url, secret)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.close()


@asynccontextmanager
async def opened(folder: Path, deliver: Deliver | None = None) -> AsyncIterator[RemoteGateway]:
    async with provider(folder, deliver) as url, client(url) as gateway:
        yield gateway
