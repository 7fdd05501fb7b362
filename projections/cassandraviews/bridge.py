"""Between the driver, which answers on a thread of its own, and the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple


class Request(NamedTuple):
    """Something prepared with its values, or a batch without."""

    statement: Any
    values: Sequence[Any] | None = None


class Failure(NamedTuple):
    request: Request
    error: Exception


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


async def send_all(session: Any, requests: Sequence[Request], width: int, timeout: float) -> list[Failure]:
    """Sends all of them, at most ``width`` under way at once; those that failed."""
    if not requests:
        return []
    loop = asyncio.get_running_loop()
    done: asyncio.Future[list[Failure]] = loop.create_future()
    window = _Window(session, requests, width, timeout, lambda failed: _tell(loop, done, done.set_result, failed))
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

    def __init__(
        self, session: Any, requests: Sequence[Request], width: int, timeout: float, ended: Callable[[Any], None]
    ) -> None:
        self._session = session
        self._left: Iterator[Request] = iter(requests)
        self._open = len(requests)
        self._free = width
        self._timeout = timeout
        self._ended = ended
        self._failed: list[Failure] = []
        self._lock = threading.Lock()
        self._sending = threading.local()

    def stop(self) -> None:
        """Sends no more; what is under way stays so."""
        with self._lock:
            self._left = iter(())

    def go_on(self) -> None:
        if getattr(self._sending, "now", False):
            return  # an answer that was there at once: the loop below goes on by itself
        self._sending.now = True
        try:
            while (request := self._next()) is not None:
                self._send(request)
        finally:
            self._sending.now = False

    def _next(self) -> Request | None:
        with self._lock:
            request = next(self._left, None) if self._free else None
            if request is not None:
                self._free -= 1
            return request

    def _send(self, request: Request) -> None:
        try:
            response = self._session.execute_async(request.statement, request.values, timeout=self._timeout)
        except Exception as error:  # the session is being closed
            self._answered(request, error)
            return
        response.add_callbacks(lambda _: self._answered(request, None), lambda error: self._answered(request, error))

    def _answered(self, request: Request, error: Exception | None) -> None:
        with self._lock:
            self._free += 1
            self._open -= 1
            if error is not None:
                self._failed.append(Failure(request, error))
            over = self._open == 0
        if over:
            self._ended(self._failed)
        else:
            self.go_on()
