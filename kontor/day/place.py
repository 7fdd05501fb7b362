"""Where the day is spent: the command service with buyers in its process, on the embedded profile or the full one.

On the full profile everything else is a process of its own, and the payment provider calls back over HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from fastapi import FastAPI

from commands.engine import Engine
from kontor.folder import DataFolder
from kontor.serving.running import build_app
from kontor.serving.server import Server, bind, server_of
from kontor.settings import Settings
from kontor.wiring.embedded import embedded
from projections.views import Views
from streams.money.payments import PaymentProcess
from streams.views.follower import Follower
from writeapi.services import WriteServices


def embedded_settings(data: Path) -> Settings:
    return Settings(data=data, rate_limits=False, reconcile_every=0, provider="simulated", smtp_url=None, otlp_url=None)


def evidence_of(settings: Settings) -> Path | str:
    """The log, as ``kontor verify`` is told of it."""
    return str(settings.postgres_url) if settings.profile == "full" else DataFolder(settings.data).log


class Service(NamedTuple):
    services: WriteServices
    app: FastAPI


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """Raises UnusableLog."""
    if settings.profile == "embedded":
        async with embedded(settings) as services:
            yield Service(services, build_app("all", services, settings))
        return
    from kontor.wiring.full import write_side

    async with write_side(settings) as services:
        await services.noticing.start()
        app = build_app("write", services, settings)
        async with _heard_by_the_provider(app, settings):
            yield Service(services, app)


class _Quiet(Server):
    """Signals are for whoever runs the day."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _heard_by_the_provider(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """Serves where the provider's callbacks go to."""
    callbacks = urlsplit(str(settings.provider_callbacks))
    listening = bind(str(callbacks.hostname), int(callbacks.port or 0))
    server = _Quiet(server_of(app).config)
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="callbacks")
    try:
        yield
    finally:
        server.should_exit = True
        await serving


class Whole(NamedTuple):
    """A service and whoever sees its orders through, in one process."""

    services: WriteServices
    app: FastAPI
    follower: Follower
    checkouts: Views
    payments: PaymentProcess
    engines: tuple[Engine, ...]
    """All that write."""


@asynccontextmanager
async def whole(settings: Settings) -> AsyncIterator[Whole]:
    """No process beside it may see orders through. Raises UnusableLog."""
    async with AsyncExitStack() as stack:
        services, app = await stack.enter_async_context(opened(settings))
        if settings.profile == "embedded":
            assert isinstance(services.follower, Follower)
            yield Whole(services, app, services.follower, services.views, services.payments, (services.engine,))
            return
        from kontor.wiring.full import process_worker

        worker = await stack.enter_async_context(process_worker(settings))
        engines = (services.engine, worker.engine)
        yield Whole(services, app, worker.follower, worker.views, worker.payments, engines)
