"""`kontor relay` and `kontor work`: processes of the full profile that serve nobody, until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from prometheus_client import CollectorRegistry, start_http_server

from commands.store.port import EventLog
from kontor import console
from kontor.loop import run
from kontor.settings import Settings
from kontor.watching.beside import Backlogs, Positions, merits
from kontor.watching.caches import CacheMetrics
from kontor.watching.metrics import EngineMetrics, LogMetrics, Parked, given_up, parked_in, refused_by, tell_backlogs
from kontor.watching.orderlog import OrderLog
from readapi.services import Counted, Followed

if TYPE_CHECKING:
    from kontor.watching.tracing import Spans
    from streams.indexing.cataloguing import Cataloguing
    from streams.indexing.indexer import Indexer


class Work(NamedTuple):
    """One of the things that this process does: ``run`` until ``stop``."""

    log: EventLog
    consumer: Followed
    run: Awaitable[Any]
    stop: Callable[[], None]
    parked: Sequence[Parked] = ()
    caches: Mapping[str, Sequence[Counted]] = {}
    beside: Positions = dict
    backlogs: Backlogs = {}


def run_relay(settings: Settings) -> None:
    run(_until_signalled("relay", settings, ["relay"]))


def run_work(names: Sequence[str], settings: Settings) -> None:
    from kontor.wiring.full import WORKERS

    unknown = [name for name in names if name not in WORKERS]
    if unknown:
        console.fail(f"no such projection: {', '.join(unknown)}; one of {', '.join(WORKERS)}", 2)
    run(_until_signalled("work", settings, names or WORKERS))


async def _until_signalled(command: str, settings: Settings, names: Sequence[str]) -> None:
    """Runs all of them in this process. Whoever fails for good ends it, so that a supervisor starts it anew."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        if settings.metrics_port:
            server, thread = start_http_server(settings.metrics_port, registry=registry)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        works = [await _begin(stack, settings, name, registry) for name in names]
        consumers = {name: work.consumer for name, work in zip(names, works, strict=True)}
        parked = [look for work in works for look in work.parked]
        caches = CacheMetrics(registry)
        for work in works:
            caches.add_all(work.caches)
        tell_backlogs(registry, {of: look for work in works for of, look in work.backlogs.items()})
        metrics = LogMetrics(registry, works[0].log, consumers, parked, [work.beside for work in works])
        await metrics.start()
        stack.push_async_callback(metrics.close)
        console.tell(f"kontor {command}", "ready", f"ready, working on {', '.join(names)}")
        await _run(works, stopping)


async def _run(works: Sequence[Work], stopping: asyncio.Event) -> None:
    ended = asyncio.create_task(stopping.wait())
    tasks = [asyncio.ensure_future(work.run) for work in works]
    await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for work in works:
        work.stop()
    ended.cancel()
    await asyncio.gather(*tasks)


async def _begin(stack: AsyncExitStack, settings: Settings, name: str, registry: CollectorRegistry) -> Work:
    from kontor.wiring import fillers, full

    told = _spans(stack, settings, name)
    if name == "relay":
        log, relay = await stack.enter_async_context(fillers.relaying(settings))
        if told is not None:
            relay.relayed.append(told.relayed)
        return Work(log, At(lambda: relay.position), relay.run(), relay.stop)
    if name in ("views", "orders"):
        log, worker = await stack.enter_async_context(fillers.sink_worker(settings, name))
        if told is not None:
            worker.sinking.folded.append(told.folded)
        caches: dict[str, Sequence[Counted]] = {f"{name}_rows": (worker.rows,)}
        return Work(log, worker, worker.run(), worker.stop, (worker.parked,), caches, backlogs=worker.backlogs)
    consumer: Followed
    caches = {}
    parked: tuple[Parked, ...]
    backlogs: Backlogs
    if name == "search":
        log, cataloguing, indexer, standing = await stack.enter_async_context(fillers.search_worker(settings))
        if told is not None:
            _tell_of_searches(cataloguing, indexer, told)
        consumer, parked, backlogs = indexer, (refused_by(indexer),), {"documents": lambda: indexer.backlog}
        beside = merits(standing)
    else:
        processing = await stack.enter_async_context(full.process_worker(settings))
        log, consumer, caches = processing.log, processing.follower, {"aggregates": processing.engine.caches}
        parked, beside = (parked_in(processing.views), given_up(log)), processing.beside
        backlogs = processing.backlogs
        EngineMetrics(registry).watch(processing.engine)
        if settings.order_log:
            processing.engine.listeners.append(OrderLog(processing.engine).committed)
        if told is not None:
            processing.engine.landed.append(told.landed)
    stopped = asyncio.Event()
    return Work(log, consumer, stopped.wait(), stopped.set, parked, caches, beside, backlogs)


def _spans(stack: AsyncExitStack, settings: Settings, name: str) -> Spans | None:
    """None unless somebody collects them."""
    if settings.otlp_url is None:
        return None
    from kontor.watching.tracing import spans

    told = spans(f"kontor-{name}", settings.otlp_url)
    stack.callback(told.close)
    return told


def _tell_of_searches(cataloguing: Cataloguing, indexer: Indexer, told: Spans) -> None:
    from kontor.watching.tracing import Searchable

    searchable = Searchable(told)
    cataloguing.applied.append(searchable.applied)
    indexer.reached.append(searchable.reached)


class At:
    """A consumer that says where it is."""

    def __init__(self, position: Callable[[], int]) -> None:
        self._position = position

    @property
    def position(self) -> int:
        return self._position()

    async def wait_for(self, position: int, timeout: float) -> bool:
        return self.position >= position
