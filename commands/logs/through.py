"""Goes through the order of several logs, for the engines of one process: of its own commits it tells, once they have
their places; of those of other processes the engines take notice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from msgspec.structs import replace as changed

from commands.engine import Engine
from commands.errors import StorageUnavailable
from commands.logs.crossing import Crossing
from commands.logs.merged import MergedLog
from commands.logs.order import Span
from domain.recorded import Recorded

UNPUBLISHED_MAX = 20_000
"""Events of a log that wait for their places; older ones are read from the log by whoever wants them."""
READ_MAX = 5_000
"""Events of other processes that are read at once."""


class Through:
    def __init__(
        self,
        merged: MergedLog,
        engines: Sequence[Engine],
        crossing: Crossing,
        tell: Callable[[Sequence[Recorded]], None],
    ) -> None:
        """``tell`` gets commits of this process, with their places, as far as they follow one another."""
        self.at = 0
        """The place up to which it has gone."""
        self._merged = merged
        self._engines = engines
        self._crossing = crossing
        self._tell = tell
        self._told = [0] * len(engines)
        """The last position of each log that its engine told, or that was read because it is not its own."""
        self._unpublished: list[deque[Recorded]] = [deque(maxlen=UNPUBLISHED_MAX) for _ in engines]
        self._placed: list[Recorded] = []
        """Of those, what has its places and is about to be told."""

    def begin(self) -> None:
        """At the end of the order."""
        self.at, self._told = self._merged.order.head, list(self._merged.order.heads)

    def committed(self, number: int, events: Sequence[Recorded]) -> None:
        """By the engine of a log."""
        self._unpublished[number].extend(events)
        self._told[number] = events[-1].position

    def waits(self, number: int, position: int) -> bool:
        """Whether commits of this process up to a position of a log have no place yet."""
        waiting = self._unpublished[number]
        return bool(waiting) and waiting[0].position <= position

    async def go_on(self) -> None:
        """To the end of the order, as last looked. Raises StorageUnavailable; the next time it goes on from there."""
        order = self._merged.order
        upto = order.head
        for number, engine in enumerate(self._engines):
            if order.heads[number] > self._told[number]:  # others', or ours, and this process does not know it yet
                await engine.landing()
                engine.announce()
        try:
            for span in await order.spans(self.at, upto):
                await self._go_through(span)
        finally:
            self._tell_placed()

    async def _go_through(self, span: Span) -> None:
        waiting, end = self._unpublished[span.log], span.start + span.events
        at = span.start
        while at < end:
            while waiting and waiting[0].position < at:  # it was read as somebody else's
                waiting.popleft()
            if waiting and waiting[0].position == at:
                self._placed.append(changed(waiting.popleft(), position=span.first + at - span.start))
                at += 1
            else:
                self._tell_placed()
                at = await self._take_in(span.log, at, min(waiting[0].position, end) if waiting else end)
            self.at = span.first + at - span.start - 1

    async def _take_in(self, number: int, start: int, end: int) -> int:
        """Commits of others, from one position to before another, some at a time; the position from which on more
        follow."""
        rows = await self._merged.logs[number].read(start - 1, min(READ_MAX, end - start))
        if not rows:
            raise StorageUnavailable(f"log {number} has no event at position {start} any more")
        self._engines[number].absorb(rows)
        self._crossing.absorb(rows)
        self._told[number] = max(self._told[number], rows[-1].position)
        return rows[-1].position + 1

    def _tell_placed(self) -> None:
        placed, self._placed = self._placed, []
        run: list[Recorded] = []
        for event in placed:
            if run and event.position != run[-1].position + 1:
                self._tell(run)
                run = []
            run.append(event)
        if run:
            self._tell(run)
