"""Who waits for which stream to reach a state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from commands.aggregates import Aggregate, Aggregates
from commands.batch import Batch, Outcome, Watch
from commands.errors import StorageUnavailable
from commands.idempotency import IdempotentRequest

RETRY_S = 0.2

log = structlog.get_logger("engine")


class Knows(Protocol):
    """The engine, as far as it is needed here."""

    position: int

    def known(self, stream: str) -> Aggregate | None: ...

    async def load(self, stream: str) -> Aggregate: ...


class Watches:
    def __init__(self) -> None:
        self._by_stream: dict[str, list[Watch]] = {}
        self._looking: set[asyncio.Task[None]] = set()

    def add(
        self, stream: str, until: Callable[[Any], bool], request: IdempotentRequest | None
    ) -> asyncio.Future[Outcome]:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        watch = Watch(stream, until, request, future)
        self._by_stream.setdefault(stream, []).append(watch)
        future.add_done_callback(lambda _: self._remove(watch))
        return future

    # what a batch of this process has done

    def fulfil(self, batch: Batch, aggregates: Aggregates) -> None:
        """Answers with the batch, and has stored answers replaced in its transaction."""
        for stream in self._by_stream.keys() & {event.stream for event in batch.events} if self._by_stream else ():
            aggregate = aggregates.get(stream)
            assert aggregate is not None, stream
            for watch in self._by_stream[stream]:
                self._try(batch, watch, aggregate)

    @staticmethod
    def _try(batch: Batch, watch: Watch, aggregate: Aggregate) -> None:
        events = [event for event in batch.events if event.stream == watch.stream]
        outcome = Outcome(watch.stream, aggregate.version, batch.position, aggregate.state, events)
        try:
            if not watch.until(aggregate.state):
                return
            if watch.request is not None:
                batch.keep(watch.request, outcome)
        except Exception as bug:
            log.exception("watch_failed", stream=watch.stream)
            batch.answers.append((watch, bug))
            return
        batch.answers.append((watch, outcome))

    # what other processes have done

    def notify(self, engine: Knows, streams: set[str] | None) -> None:
        """Streams may have moved; None: nobody knows which."""
        for stream in set(self._by_stream) if streams is None else self._by_stream.keys() & streams:
            aggregate = engine.known(stream)
            if aggregate is not None:
                self._tell(stream, aggregate, engine.position)
                continue
            looking = asyncio.create_task(self._look(engine, stream))
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)

    async def _look(self, engine: Knows, stream: str) -> None:
        """Until the log can be read, or nobody waits any longer."""
        while stream in self._by_stream:
            try:
                aggregate = await engine.load(stream)
            except StorageUnavailable:
                await asyncio.sleep(RETRY_S)
            except Exception as error:
                return self._give_up(stream, error)
            else:
                return self._tell(stream, aggregate, engine.position)

    def _give_up(self, stream: str, error: Exception) -> None:
        log.error("watched_stream_not_loaded", stream=stream, error=repr(error))
        for watch in self._by_stream.get(stream, ()):
            if not watch.future.done():
                watch.future.set_exception(error)

    def _tell(self, stream: str, aggregate: Aggregate, position: int) -> None:
        for watch in tuple(self._by_stream.get(stream, ())):
            try:
                if not watch.future.done() and watch.until(aggregate.state):
                    watch.future.set_result(Outcome(stream, aggregate.version, position, aggregate.state, []))
            except Exception as bug:
                log.exception("watch_failed", stream=stream)
                watch.future.set_exception(bug)

    def _remove(self, watch: Watch) -> None:
        watches = self._by_stream[watch.stream]
        watches.remove(watch)
        if not watches:
            del self._by_stream[watch.stream]
