"""Running the services: one process or several on one port, and the demo."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from fastapi import FastAPI

from commands.errors import UnusableLog
from kontor import console
from kontor.loop import run
from kontor.serving.server import PortTaken, bind, serve
from kontor.settings import Settings
from kontor.watching.beside import Backlogs
from kontor.watching.caches import CacheMetrics
from kontor.watching.metrics import (
    EngineMetrics,
    LogMetrics,
    Parked,
    gauges,
    given_up,
    parked_in,
    refused_by,
    tell_backlogs,
)
from kontor.watching.orderlog import OrderLog
from kontor.watching.ownmetrics import has_addresses, told_apart
from projections.sqlite import SQLiteViews
from readapi.edge.state import EdgeSettings, EdgeState
from readapi.fallback.degraded import stores
from readapi.reading import Reading, hear
from readapi.services import Followed, ReadServices, Store
from streams.indexing.indexer import Indexer
from streams.waiting.room import Room
from streams.waiting.rooms import Rooms
from writeapi.buying.purchase import quotes_remembered
from writeapi.services import WriteServices

PORTS = {"all": 8000, "write": 8001, "read": 8002, "gateway": 8003}
PEOPLE: dict[str, Callable[[Room], int]] = {
    "waiting": lambda room: room.issued - room.pace.called,
    "admitted": lambda room: room.admitted,
}
ONE_OF_SEVERAL = "/metrics tells of whichever process answers; with KONTOR_METRICS_PORT each has an address of its own"
INHERITED = "KONTOR_LISTEN_FD"
"""Set for the processes of ``--workers``: the socket they share."""


def run_services(what: str, settings: Settings) -> None:
    inherited = os.environ.get(INHERITED)
    if settings.workers > 1 and inherited is None:
        from kontor.serving.workers import supervise

        if not has_addresses(settings):
            console.tell(f"kontor {what}", "metrics_of_several", ONE_OF_SEVERAL)
        supervise(listen(what, settings), settings.workers)
        return
    listening = socket.socket(fileno=int(inherited)) if inherited else None
    run(_serve(what, settings, listening))


def listen(what: str, settings: Settings) -> socket.socket:
    port = PORTS[what] if settings.port is None else settings.port
    try:
        return bind(settings.host, port)
    except PortTaken as error:
        console.fail(str(error))


async def _serve(what: str, settings: Settings, listening: socket.socket | None) -> None:
    listening = listening or listen(what, settings)
    async with side(what, settings) as services:
        if settings.order_log and isinstance(services, WriteServices):
            services.engine.listeners.append(OrderLog(services.engine).committed)
        app = build_app(what, services, settings)
        async with (
            heard(app, services),
            measured(app, services),
            told_apart(app.state.edge.metrics.registry, settings),
            traced(f"kontor-{what}", app, services, settings),
        ):
            console.tell(f"kontor {what}", "ready", f"ready on {url_of(listening)}", url=url_of(listening))
            await serve(app, listening)


def side(what: str, settings: Settings) -> AbstractAsyncContextManager[ReadServices]:
    """What a service works with. Raises UnusableLog."""
    if settings.profile == "embedded":
        from kontor.wiring.embedded import embedded

        return embedded(settings)
    from kontor.wiring.full import read_side, write_side

    return read_side(settings) if what == "read" else write_side(settings)


@asynccontextmanager
async def heard(app: FastAPI, services: ReadServices) -> AsyncIterator[None]:
    """In the full profile caches go by what workers tell; they must be there before anything is told."""
    noticing = getattr(services, "noticing", None)
    made: Reading | None = getattr(app.state, "reading", None)
    if noticing is not None:
        if made is not None:
            hear((made.pages, made.purges), (made.categories, made.category_titles), noticing)
        await noticing.start()
    yield


@asynccontextmanager
async def measured(app: FastAPI, services: ReadServices) -> AsyncIterator[None]:
    """The write path, the consumers and the business among the application's metrics."""
    edge: EdgeState = app.state.edge
    registry = edge.metrics.registry
    consumers: dict[str, Followed] = {"views": services.follower, "search": services.indexer}
    if services.history is not services.follower:
        consumers["orders"] = services.history
    caches = CacheMetrics(registry)
    caches.add("tokens", lambda: (edge.tokens,))
    made: Reading | None = getattr(app.state, "reading", None)
    if made is not None:
        caches.add_all(made.caches)
    if isinstance(services, WriteServices):
        engine = services.engine
        EngineMetrics(registry).watch(engine)
        caches.add("aggregates", lambda: engine.caches)
        caches.add("quotes", lambda: (quotes_remembered(),))
    away: dict[str, Callable[[], float]] = {part: partial(_away, store) for part, store in stores(services).items()}
    gauges(registry, "kontor_degraded", "1 while the store of a part is away.", "part", away)
    if services.signals is not None:
        signals = services.signals
        outcomes: dict[str, Callable[[], float]] = {"taken": lambda: signals.taken, "lost": lambda: signals.lost}
        gauges(registry, "kontor_signals", "Signals since the start, by what became of them.", "outcome", outcomes)
    waiting: dict[str, Callable[[], float]] = {state: partial(_people, services.drops, state) for state in PEOPLE}
    gauges(registry, "kontor_drop_people", "People in the lines of drops, by how they stand.", "state", waiting)
    tell_backlogs(registry, _backlogs(services))
    metrics = LogMetrics(registry, services.log, consumers, _parked(services), (services.workings.beside,))
    await metrics.start()
    try:
        yield
    finally:
        await metrics.close()


def _backlogs(services: ReadServices) -> Backlogs:
    found = {**services.workings.backlogs}
    if services.signals is not None:
        found["signals"] = partial(getattr, services.signals, "waiting")
    if isinstance(services.indexer, Indexer):
        found["documents"] = partial(getattr, services.indexer, "backlog")
    return found


def _people(drops: Rooms, state: str) -> float:
    """As the lines were last read; command services read them every second at least."""
    return float(sum(PEOPLE[state](room) for room in drops.known if not room.ended))


def _away(store: Store) -> float:
    return float(store.away)


def _parked(services: ReadServices) -> list[Parked]:
    """Of what this process folds itself; in the full profile its workers tell."""
    looks: list[Parked] = []
    if isinstance(services.views, SQLiteViews):
        looks.append(parked_in(services.views))
        looks.append(given_up(services.log))
    if isinstance(services.indexer, Indexer):
        looks.append(refused_by(services.indexer))
    return looks


@asynccontextmanager
async def traced(name: str, app: FastAPI, services: ReadServices, settings: Settings) -> AsyncIterator[None]:
    """Requests and commands as spans, if somebody collects them."""
    if settings.otlp_url is None:
        yield
        return
    from kontor.watching.tracing import spans

    told = spans(name, settings.otlp_url)
    edge: EdgeState = app.state.edge
    edge.requests.append(told.request)
    if isinstance(services, WriteServices):
        services.engine.landed.append(told.landed)
    try:
        yield
    finally:
        await asyncio.to_thread(told.close)


def build_app(what: str, services: ReadServices, settings: Settings) -> FastAPI:
    from readapi.app import create_app as create_read
    from readapi.app import edge_for
    from writeapi.app import create_app as create_write
    from writeapi.app import create_both

    edge = edge_for(
        services,
        EdgeSettings(
            body_limit=settings.body_limit,
            timeout=settings.request_timeout,
            requests_at_once=settings.requests_at_once,
            access_log=settings.access_log,
            cors_origins=settings.cors_origins,
            rate_limits=settings.rate_limits,
            access_token_ttl=settings.access_token_ttl,
        ),
    )
    if what == "read":
        return with_pages(create_read(services, edge), settings)
    assert isinstance(services, WriteServices)
    return with_pages(create_both(services, edge), settings) if what == "all" else create_write(services, edge)


def with_pages(app: FastAPI, settings: Settings) -> FastAPI:
    """With the storefront and the console, where they are wanted. Raises UnusableLog."""
    if settings.storefront:
        from readapi.storefront import pages
        from readapi.storefront.assets import UnusableFiles

        shown = pages.Settings(
            settings.storefront_name,
            settings.storefront_write_url,
            settings.storefront_files,
            settings.storefront_url,
        )
        try:
            pages.install(app, shown)
        except UnusableFiles as error:
            raise UnusableLog(f"KONTOR_STOREFRONT_FILES: {error}") from error
    return app


def url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def run_demo(settings: Settings) -> None:
    run(_demo(settings))


async def _demo(settings: Settings) -> None:
    from kontor.operating.importing import wait_until_found
    from kontor.serving import demo
    from kontor.wiring.embedded import embedded

    listening = listen("all", settings)
    shown_at = settings.storefront_url or url_of(listening)
    settings = settings.model_copy(update={"storefront": True, "storefront_url": shown_at})
    async with embedded(settings) as services:
        await demo.load(services)
        await wait_until_found(services)
        app = build_app("all", services, settings)
        async with measured(app, services):
            demo.welcome(url_of(listening))
            await serve(app, listening)
    console.out.print("Bye. Everything is kept; the next start goes on from here.")
