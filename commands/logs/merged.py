"""Several logs, read as one in the order of all of them.

Positions are places in the order, so followers, couriers, the ledger and whoever else reads a log from the beginning
to the end do not know that there are several. Only engines write, each to a log of its own (``engines.py``).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from commands.errors import StorageUnavailable, UnusableLog
from commands.logs.heads import Heads
from commands.logs.order import Order, Span
from commands.logs.slices import Directory
from commands.logs.vector import Vector
from commands.store.polling import POLL_S
from commands.store.port import EventLog, Loaded, Reply, Row, Transaction, new_row


class MergedLog:
    def __init__(self, logs: Sequence[EventLog], order: Order) -> None:
        self.logs = logs
        self.order = order
        self.heads = Heads(logs)
        self._cutting = asyncio.Lock()

    @property
    def directory(self) -> Directory:
        return self.order.directory

    async def check(self) -> None:
        """Raises UnusableLog if the order knows of more than the logs have: one of them was restored from an older
        backup than the order, and what is written now would take the places of what was lost."""
        for number, (known, one) in enumerate(zip(self.order.heads, self.logs, strict=True)):
            if (head := await one.head()) < known:
                raise UnusableLog(
                    f"log {number} ends at position {head}, and its order knows of {known}; "
                    "restore logs and order from the same backup"
                )

    # the order

    async def cut(self) -> None:
        """Puts into the order whatever has been committed before the call. Raises StorageUnavailable; then what is in
        those logs that answer is in the order all the same."""
        async with self._cutting:
            answers = await self.heads.ask()
            found = zip(answers, self.order.heads, strict=True)
            heads = [answer if isinstance(answer, int) else known for answer, known in found]
            if heads != self.order.heads:
                await self.order.cut(heads)
        for answer in answers:
            if isinstance(answer, StorageUnavailable):
                raise answer

    async def move(self, first: int, last: int, to: int, at: int) -> None:
        """Gives slices another home. Events stay where they are; what follows them is written to the new home, and
        comes after them in the order. ``at`` in milliseconds. Raises StorageUnavailable."""
        async with self._cutting:
            await self.order.move(self.logs, first, last, to, at)

    def place_of(self, wanted: Vector) -> int | None:
        """The place in the order from which on everything in it is seen; None while there is none."""
        known = self.order.heads[: len(wanted.parts)]  # what another process or thread has cut since is not read yet
        if len(known) < len(wanted.parts) or any(part > head for part, head in zip(wanted.parts, known, strict=True)):
            return None
        return max(self.order.place(number, part) or 0 for number, part in enumerate(wanted.parts))

    async def wait_for_place(self, wanted: Vector, timeout: float) -> int | None:
        """The same once there is one; None if that takes longer than ``timeout`` seconds. Raises StorageUnavailable."""
        clock = asyncio.get_running_loop().time
        until = clock() + timeout
        while True:
            try:
                await self.cut()
                missed = None
            except StorageUnavailable as error:  # of a log that it need not be about
                missed = error
            place, left = self.place_of(wanted), until - clock()
            if place is None and missed is not None:
                raise missed
            if place is not None or left <= 0:
                return place
            await asyncio.sleep(min(POLL_S, left))

    def located(self, rows: Sequence[Row]) -> Iterator[tuple[int, list[Row]]]:
        """Rows that follow one another in the order, by log and with their positions there; none that lie so far back
        that it would take a look."""
        found: dict[int, list[Row]] = defaultdict(list)
        index = 0
        for span in self.order.known(rows[0].position - 1, rows[-1].position) if rows else ():
            for position, row in enumerate(rows[index : index + span.events], span.start):
                found[span.log].append(new_row((position, *row[1:])))
            index += span.events
        yield from found.items()

    # the port of a log

    async def begin(self) -> Transaction:
        raise TypeError("several logs have no lock in common: each is written by an engine of its own")

    async def head(self) -> int:
        """Of the order; what was committed after the last cut follows within moments."""
        return self.order.head

    async def read(self, after: int, limit: int) -> Sequence[Row]:
        spans = await self.order.spans(after, min(after + limit, self.order.head))
        numbers = sorted({span.log for span in spans})
        found = await asyncio.gather(*(self._part(number, spans) for number in numbers))
        parts = {number: iter(rows) for number, rows in zip(numbers, found, strict=True)}
        rows = []
        for span in spans:
            for place, row in enumerate(_next(parts[span.log], span), span.first):
                rows.append(new_row((place, *row[1:])))
        return rows

    async def _part(self, number: int, spans: Sequence[Span]) -> Sequence[Row]:
        """What the spans are of one log: it has no gaps, for the order goes through each log as that does itself."""
        own = [span for span in spans if span.log == number]
        return await self.logs[number].read(own[0].start - 1, sum(span.events for span in own))

    async def read_stream(self, stream: str, after_version: int = 0) -> Sequence[Row]:
        found: list[Row] = []
        for number in self.directory.logs_of(stream):
            rows = await self.logs[number].read_stream(stream, after_version)
            if rows and rows[-1].position > self.order.heads[number]:
                await self.cut()
            places = await self.order.places(number, [row.position for row in rows])
            found += [new_row((place, *row[1:])) for place, row in zip(places, rows, strict=True)]
        return sorted(found, key=lambda row: row.version)

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        """Rows keep the positions of their logs."""
        by_log: dict[int, list[str]] = defaultdict(list)
        for stream in streams:
            for number in self.directory.logs_of(stream):
                by_log[number].append(stream)
        found: dict[str, Loaded] = {}
        for part in await asyncio.gather(*(self.logs[number].load(some) for number, some in by_log.items())):
            for stream, loaded in part.items():
                found[stream] = joined(found[stream], loaded) if stream in found else loaded
        return found

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        """A key lies where the stream of its command does, which it does not tell; and where that was before it moved,
        if its answer was replaced since. The newest is told."""
        keys = list(keys)
        found = await asyncio.gather(*(one.replies(keys) for one in self.logs))
        stored = [reply for one in found for reply in one.values()]
        return {reply.key: reply for reply in sorted(stored, key=lambda reply: reply.at)}

    async def changed(self, after: int, timeout: float) -> bool:
        return await self.order.changed(after, timeout)

    async def forget_replies(self, before: int) -> AsyncIterator[int]:
        for one in self.logs:
            async for forgotten in one.forget_replies(before):
                yield forgotten

    async def close(self) -> None:
        await self.heads.close()
        await self.order.close()
        for one in self.logs:
            await one.close()


class FollowedLogs(MergedLog):
    """For a process without engines: what another one puts into the order is seen by whoever asks next."""

    async def head(self) -> int:
        await self.order.look()
        return await super().head()

    async def read(self, after: int, limit: int) -> Sequence[Row]:
        await self.order.look()
        return await super().read(after, limit)


async def placed(log: EventLog, position: int, timeout: float) -> tuple[int, float]:
    """For whoever follows a log: a position that he can reach, if it gets its place in time, and what is left of the
    ``timeout`` (seconds)."""
    if not isinstance(log, MergedLog) or not isinstance(position, Vector):
        return position, timeout
    clock = asyncio.get_running_loop().time
    began = clock()
    place = await log.wait_for_place(position, timeout)
    return position if place is None else place, max(0.0, timeout - (clock() - began))


async def head_of(log: EventLog) -> int:
    """A position that nothing committed before the call lies beyond; of several logs it gets its place in the order for
    that. Raises StorageUnavailable."""
    if isinstance(log, MergedLog):
        await log.cut()
    return await log.head()


def joined(one: Loaded, other: Loaded) -> Loaded:
    """Two parts of a stream, of different logs; from the newer snapshot on, if any."""
    snapshots = [part.snapshot for part in (one, other) if part.snapshot is not None]
    snapshot = max(snapshots, key=lambda known: known.version, default=None)
    since = 0 if snapshot is None else snapshot.version
    rows = sorted((row for row in (*one.rows, *other.rows) if row.version > since), key=lambda row: row.version)
    return Loaded(snapshot, rows)


def _next(rows: Iterator[Row], span: Span) -> list[Row]:
    found = [row for _, row in zip(range(span.events), rows, strict=False)]
    if len(found) < span.events:
        raise StorageUnavailable(f"log {span.log} has no event at position {span.start + len(found)} any more")
    return found
