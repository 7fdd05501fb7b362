"""Between the driver, which answers on a thread of its own, and the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

FIRST, THEN = range(2)


class Request(NamedTuple):
    """Something prepared with its values, or a batch without."""

    statement: Any
    values: Sequence[Any] | None = None


class Work(NamedTuple):
    """Writes that need not wait for each other, but ``then`` begins only when all of ``first`` are acknowledged."""

    first: Sequence[Request] = ()
    then: Sequence[Request] = ()


class Outcome(NamedTuple):
    left: Work
    """What is not acknowledged."""
    error: Exception | None


async def rows_of(session: Any, request: Request, timeout: float) -> list[tuple[Any, ...]]:
    """All rows, page after page, each within ``timeout`` seconds. Raises what the driver has to say."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[list[tuple[Any, ...]]] = loop.create_future()
    found: list[tuple[Any, ...]] = []
    response = session.execute_async(request.statement, request.values, timeout=timeout)

    def page(rows: Sequence[tuple[Any, ...]] | None) -> None:
        found.extend(rows or ())
        if response.has_more_pages:
            response.start_fetching_next_page()
        else:
            _tell(loop, done, done.set_result, found)

    response.add_callbacks(page, lambda error: _tell(loop, done, done.set_exception, error))
    return await done


async def send_all(session: Any, work: Work, width: int, timeout: float) -> Outcome:
    """Sends all of it, at most ``width`` under way at once. After an error nothing more is sent."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Outcome] = loop.create_future()
    if not any(work):
        return Outcome(work, None)
    window = _Window(session, work, width, timeout, lambda outcome: _tell(loop, done, done.set_result, outcome))
    window.go_on()
    try:
        return await done
    finally:
        window.stop()


def _tell(
    loop: asyncio.AbstractEventLoop, done: asyncio.Future[Any], settle: Callable[[Any], None], value: Any
) -> None:
    def on_the_loop() -> None:
        if not done.done():  # whoever waited may have been cancelled
            settle(value)

    with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
        loop.call_soon_threadsafe(on_the_loop)


class _Window:
    """An answer sends the next request right from the driver's thread: one wake-up of the loop for all of them."""

    def __init__(self, session: Any, work: Work, width: int, timeout: float, ended: Callable[[Outcome], None]) -> None:
        self._session = session
        self._unsent = tuple(deque(part) for part in work)
        self._failed: tuple[list[Request], ...] = ([], [])
        self._error: Exception | None = None
        self._stopped = False
        self._first_open = len(work.first)
        self._under_way = 0
        self._width = width
        self._timeout = timeout
        self._ended = ended
        self._lock = threading.Lock()
        self._sending = threading.local()

    def stop(self) -> None:
        """Sends no more; what is under way stays so."""
        self._stopped = True

    def go_on(self) -> None:
        if getattr(self._sending, "now", False):
            return  # an answer that was there at once: the loop below goes on by itself
        self._sending.now = True
        try:
            while (found := self._next()) is not None:
                self._send(*found)
        finally:
            self._sending.now = False

    def _next(self) -> tuple[int, Request] | None:
        with self._lock:
            if self._under_way >= self._width or self._error is not None or self._stopped:
                return None
            for part, requests in enumerate(self._unsent):
                if requests and not (part == THEN and self._first_open):
                    self._under_way += 1
                    return part, requests.popleft()
            return None

    def _send(self, part: int, request: Request) -> None:
        try:
            response = self._session.execute_async(request.statement, request.values, timeout=self._timeout)
        except Exception as error:  # the session is being closed
            self._answered(part, request, error)
            return
        response.add_callbacks(
            lambda _: self._answered(part, request, None), lambda error: self._answered(part, request, error)
        )

    def _answered(self, part: int, request: Request, error: Exception | None) -> None:
        with self._lock:
            self._under_way -= 1
            if error is not None:
                self._failed[part].append(request)
                self._error = self._error or error
            elif part == FIRST:
                self._first_open -= 1
            over = not self._under_way and (self._error is not None or not any(self._unsent))
        if over:
            left = Work(*([*failed, *unsent] for failed, unsent in zip(self._failed, self._unsent, strict=True)))
            self._ended(Outcome(left, self._error))
        else:
            self.go_on()
