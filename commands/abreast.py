"""Several processes share a log: one of them takes in what the others have committed, as soon as it has to know."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from commands.store.port import EventLog, Row

READ_MAX = 5_000
"""Whoever is farther behind has only just started, and is caught up by whoever follows the log for him."""


class Behind(Protocol):
    """An engine, as far as it is needed here."""

    log: EventLog
    position: int

    @property
    def frontier(self) -> int: ...

    def landing(self) -> Awaitable[None]: ...

    def absorb(self, rows: Sequence[Row]) -> None: ...


async def catch_up(engine: Behind, head: int) -> None:
    """With what its log holds up to ``head``. Raises StorageUnavailable."""
    if head > engine.frontier:
        engine.absorb(await engine.log.read(engine.position, READ_MAX))
    elif head > engine.position:
        await engine.landing()  # our own batch is in the log already, and others have perhaps read it there
