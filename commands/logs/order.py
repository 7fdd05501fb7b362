"""The port of the order of all events of several logs, in cuts, and of the directory of slices.

Each log goes on by itself, numbered 1, 2, 3 … A cut says how far each of them was at one moment; what is new since the
last cut follows in the order, log by log. So every event has a place 1, 2, 3 … without holes, and whoever follows goes
through the order as through one log. A place never changes once it was given: views, deliveries and the ledger stand at
places. Nobody who writes waits for a cut. The method is that of Scalog (https://www.usenix.org/conference/nsdi20/presentation/ding).

An order is part of the logs: it is kept and backed up with them, before them. Every adapter passes
``tests/contracts/order.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from commands.logs.slices import Directory
from commands.store.port import EventLog, Transaction


class Span(NamedTuple):
    """Events that follow one another both in the order and in their log."""

    first: int
    """Place of the first."""
    log: int
    start: int
    """Its position there."""
    events: int


class Order(Protocol):
    """Methods raise StorageUnavailable."""

    @property
    def heads(self) -> list[int]:
        """Position of each log up to which it is in the order, as last looked."""

    @property
    def directory(self) -> Directory:
        """As last looked."""

    @property
    def logs(self) -> int: ...

    @property
    def head(self) -> int:
        """The last place, as last looked."""

    async def look(self) -> None:
        """Takes in what other processes have written."""

    async def changed(self, after: int, timeout: float) -> bool:
        """Waits until there are places after one, at most ``timeout`` seconds; whether there are. Whoever cuts wakes
        it, in whatever process, within moments."""

    async def cut(self, heads: Sequence[int]) -> None:
        """Puts all events up to these positions into the order; durable when it returns, and looked at."""

    async def spans(self, after: int, upto: int) -> list[Span]:
        """What lies in (after, upto] of the order, cut to fit."""

    def known(self, after: int, upto: int) -> list[Span]:
        """The same without asking anybody: nothing where that takes a look."""

    async def places(self, log: int, positions: Sequence[int]) -> list[int]:
        """Where events of a log are in the order, which has taken in all of them."""

    def place(self, log: int, position: int) -> int | None:
        """A place from which on an event of a log is seen, without asking anybody: its own, or of one long past a
        later one. None while it is not in the order, as last looked; 0 for none."""

    async def version_under(self, transaction: Transaction) -> int:
        """Of the directory, by which whoever has this log's lock may write."""

    async def settle(self, version: int) -> None:
        """Looks at the directory once it has this version."""

    async def move(self, logs: Sequence[EventLog], first: int, last: int, to: int, at: int) -> None:
        """Gives the slices ``first`` to ``last`` another home, from one commit to the next, with a cut between what is
        written at the one and at the other; durable when it returns, and looked at. ``at`` in milliseconds."""

    def holding(self, key: str) -> AbstractAsyncContextManager[None]:
        """Of all processes that serve these logs one at a time is in such a block with the same key."""

    async def close(self) -> None: ...


def within(span: Span, skipped: int, kept: int) -> Span | None:
    """Without its first ``skipped`` events, and without those beyond the first ``kept``."""
    skipped, kept = max(0, skipped), min(span.events, kept)
    return Span(span.first + skipped, span.log, span.start + skipped, kept - skipped) if kept > skipped else None


def cut_to_fit(spans: Sequence[Span], after: int, upto: int) -> list[Span]:
    """What of them lies in (after, upto]."""
    return [cut for one in spans if (cut := within(one, after - one.first + 1, upto - one.first + 1))]
