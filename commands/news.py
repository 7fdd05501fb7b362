"""Who is told of a batch once it is on the disk: its callers, who keep the loop busy, and then whoever listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog

from commands.batch import Batch, answer
from domain.recorded import Recorded

TELL_S = 0.002
"""The longest that callers wait for the next batch to take off before they hear that theirs has landed."""

log = structlog.get_logger("engine")
Listener = Callable[[Sequence[Recorded]], None]


class News:
    """Of the batch that landed last, until it is told."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self._batch: Batch | None = None
        self._latest: asyncio.TimerHandle
        """When it is told, whatever happens."""

    def landed(self, batch: Batch) -> None:
        self._batch, self._latest = batch, asyncio.get_running_loop().call_later(TELL_S, self.announce)

    def announce(self) -> None:
        """Tells it, if there is any: when the next batch is on its way."""
        if self._batch is not None:
            batch, self._batch = self._batch, None
            self._latest.cancel()
            self.tell(batch)

    def tell(self, batch: Batch) -> None:
        answer(batch.answers)
        if batch.events:
            tell_all(self.listeners, batch.events)


def tell_all(listeners: Iterable[Callable[..., None]], *news: object) -> None:
    """What was committed is committed, whatever one of them makes of it: the others hear it all the same."""
    for listener in listeners:
        try:
            listener(*news)
        except Exception:  # whatever is wrong with one of them is told, and its own affair
            log.exception("listener_failed")
