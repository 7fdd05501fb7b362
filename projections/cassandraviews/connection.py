"""The connection of a process: made in the background, and made anew when it was lost.

A server that is away stops nobody from starting. Until it answers, and whenever it does not, callers get
ViewsUnavailable: at once while nothing is connected or the breaker is open, else after a few attempts.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import structlog
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from projections.breaker import Breaker, CircuitOpen
from projections.cassandraviews import driver
from projections.cassandraviews.bridge import Request, Work, rows_of, send_all
from projections.cassandraviews.driver import Query, Schema, Session, together
from projections.cassandraviews.settings import CassandraSettings
from projections.views import ViewsUnavailable

PAUSE_S = (0.2, 2.0)
"""Between attempts to connect, the first and the longest; a random part of it is slept."""

log = structlog.get_logger("cassandra")
Answer = TypeVar("Answer")
Queries = Sequence[Sequence[Query]]
"""Those to one partition together."""


class Connection:
    def __init__(self, settings: CassandraSettings, schema: Schema, breaker: Breaker | None = None) -> None:
        self.settings = settings
        self.breaker = breaker or Breaker("cassandra")
        self._schema = schema
        self.session: Session | None = None
        """None while there is none."""
        self._wanted = asyncio.Event()
        self._there = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    # opening and closing

    async def start(self) -> None:
        """Returns at once; whoever must wait asks ``wait``."""
        self._wanted.set()
        self._task = asyncio.create_task(self._keep(), name="cassandra-connection")

    async def wait(self, timeout: float) -> bool:
        """Whether there is a session within ``timeout`` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._there.wait()
        return self.session is not None

    async def close(self) -> None:
        self._closing = True
        self._wanted.set()
        if self._task is not None:
            await self._task
        await self._drop()

    async def _keep(self) -> None:
        while True:
            await self._wanted.wait()
            if self._closing:
                return
            await self._drop()
            await self._open()

    async def _open(self) -> None:
        pause, told = PAUSE_S[0], False
        while not self._closing:
            try:
                self.session = await asyncio.to_thread(driver.connect, self.settings, self._schema)
            except Exception as error:
                if not told:
                    log.warning("cassandra_away", error=str(error))
                told = True
                await asyncio.sleep(random.uniform(pause / 2, pause))
                pause = min(2 * pause, PAUSE_S[1])
                continue
            if not self._closing:
                self._wanted.clear()
            self._there.set()
            log.info("cassandra_connected", keyspace=self.settings.keyspace)
            return

    async def _drop(self) -> None:
        session, self.session = self.session, None
        self._there.clear()
        if session is not None:
            await asyncio.to_thread(session.close)

    # asking

    async def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Raises ViewsUnavailable."""

        async def ask(session: Session) -> list[tuple[Any, ...]]:
            return await rows_of(session.asking, Request(session.prepared[query], values), self.settings.read_s)

        return await self._guarded(ask, self.settings.read_s)

    async def send(self, first: Queries, then: Queries = ()) -> None:
        """Writes, those to one partition of one table together. All are acknowledged when this returns, and all of
        ``first`` were before ``then`` began.

        Raises ViewsUnavailable; then some may be written.
        """
        parts = (first, then)
        left: Work | None = None

        async def send(session: Session) -> None:
            nonlocal left
            work = left or Work(*([session.request(queries) for queries in together(part)] for part in parts))
            left, error = await send_all(session.asking, work, self.settings.window, self.settings.write_s)
            if error is not None:
                raise error

        if any(parts):
            await self._guarded(send, self.settings.write_s)

    async def extend(self, schema: Schema) -> None:
        """Lets these queries be asked as well. Raises ViewsUnavailable."""

        async def extend(session: Session) -> None:
            await asyncio.to_thread(driver.extend, session, self.settings, schema)

        await self._guarded(extend, self.settings.write_s)
        self._schema = Schema({**self._schema.tables, **schema.tables}, [*self._schema.queries, *schema.queries])

    def keep(self, schema: Schema) -> None:
        """Only these are needed in the next session."""
        self._schema = schema

    async def _guarded(self, ask: Callable[[Session], Awaitable[Answer]], patience_s: float) -> Answer:
        session = self.session
        if session is None:
            raise ViewsUnavailable("Cassandra is not connected")
        try:
            self.breaker.admit()
        except CircuitOpen as error:
            raise ViewsUnavailable(str(error)) from error
        try:
            answer = await self._patiently(ask, session, patience_s)
        except Exception as error:
            self._failed(error, session)
            raise ViewsUnavailable(f"Cassandra: {error}") from error
        self.breaker.succeeded()
        return answer

    async def _patiently(
        self, ask: Callable[[Session], Awaitable[Answer]], session: Session, patience_s: float
    ) -> Answer:
        """No new attempt begins after ``patience_s`` seconds."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(driver.TRANSIENT),
            stop=stop_after_attempt(self.settings.attempts) | stop_after_delay(patience_s),
            wait=wait_random_exponential(multiplier=0.05, max=0.5),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                return await ask(session)
        raise AssertionError("unreachable")

    def _failed(self, error: Exception, session: Session) -> None:
        """Lets through what is a bug."""
        missing = driver.is_missing(error)
        if isinstance(error, driver.TRANSIENT) and not missing:
            self.breaker.failed()
            return
        self.breaker.succeeded()  # it answers
        if not missing:
            raise error
        log.warning("cassandra_tables_missing", keyspace=self.settings.keyspace, action="making them anew")
        self._renew(session)

    def _renew(self, session: Session) -> None:
        if session is self.session:
            self.session = None
            self._there.clear()
            self._wanted.set()
            asyncio.get_running_loop().run_in_executor(None, session.close)
