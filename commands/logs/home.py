"""A log as the home of slices, for its engine: with what streams that moved here have in the logs they lived in before.

Their events stay there; here each begins with a snapshot of its state as it came, which is written along with the first
event that follows. That nothing is written at an old home any more is seen to at ``begin``: under the log's lock it is
asked by which directory the log is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

from commands.aggregates import fold, snapshot_of
from commands.errors import StorageUnavailable
from commands.logs.merged import MergedLog, joined
from commands.store.port import EventLog, Loaded, News, Position, Reply, Row, Snapshot, Transaction, Wanted


class DirectoryChanged(StorageUnavailable):
    """Slices have moved: what is cached, and commands that wait, may be of another log's streams. Nothing was
    written."""

    def __init__(self) -> None:
        super().__init__("slices of the streams have moved to another log")


class Home:
    """One log of several, as its engine sees it."""

    def __init__(self, merged: MergedLog, number: int) -> None:
        self._merged = merged
        self._number = number
        self._own: EventLog = merged.logs[number]
        self.version = merged.directory.version
        """Of the directory that the engine goes by."""
        self.streams_moved: Callable[[DirectoryChanged], None] = lambda told: None
        """Its engine's."""

    async def begin(self) -> Transaction:
        """Raises DirectoryChanged, once for each log, when slices have moved without the engine's knowing."""
        transaction, order = await self._own.begin(), self._merged.order
        try:
            version = await order.version_under(transaction)
        except BaseException:
            await transaction.rollback()
            raise
        if version > self.version:
            await transaction.rollback()
            await order.settle(version)
            self.version = order.directory.version
            told = DirectoryChanged()
            self.streams_moved(told)
            raise told
        return HomeTransaction(self, transaction)

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        return await self.with_earlier(await self._own.load(list(streams)))

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        keys = list(keys)
        return await self.with_earlier_replies(keys, await self._own.replies(keys))

    async def with_earlier(self, found: dict[str, Loaded]) -> dict[str, Loaded]:
        directory, before = self._merged.directory, defaultdict(list)
        for stream in found if directory.earlier else ():
            for number in directory.logs_of(stream)[:-1]:
                before[number].append(stream)
        for number, streams in before.items():
            for stream, loaded in (await self._merged.logs[number].load(streams)).items():
                found[stream] = joined(found[stream], loaded)
        return found

    async def with_earlier_replies(self, keys: Sequence[str], found: dict[str, Reply]) -> dict[str, Reply]:
        """A key lies where its stream was when it was answered."""
        if self._merged.directory.earlier and len(found) < len(keys):
            return {**await self._merged.replies([key for key in keys if key not in found]), **found}
        return found

    async def moved_in(self, own: Transaction, rows: Sequence[Row]) -> list[Snapshot]:
        """Of streams whose last event is in another log."""
        directory = self._merged.directory
        assert all(directory.home_of(row.stream) == self._number for row in rows), self._number
        if not directory.earlier:
            return []
        first = {row.stream: row for row in reversed(rows)}
        come = [name for name, row in first.items() if row.version > 1 and len(directory.logs_of(name)) > 1]
        known = await own.load(come)
        new = {name: known[name] for name in come if _last(known[name]) != first[name].version - 1}
        return [snapshot_of(name, fold(name, found)) for name, found in (await self.with_earlier(new)).items()]

    # as it is

    async def head(self) -> Position:
        return await self._own.head()

    async def read(self, after: Position, limit: int) -> Sequence[Row]:
        return await self._own.read(after, limit)

    async def read_stream(self, stream: str, after_version: int = 0) -> Sequence[Row]:
        return await self._own.read_stream(stream, after_version)

    async def changed(self, after: Position, timeout: float) -> bool:
        return await self._own.changed(after, timeout)

    def forget_replies(self, before: int) -> AsyncIterator[int]:
        return self._own.forget_replies(before)

    async def close(self) -> None:
        await self._own.close()


class HomeTransaction:
    """The log's own, which loads and appends streams that have moved here like any others."""

    def __init__(self, home: Home, own: Transaction) -> None:
        self._home = home
        self._own = own
        self.head = own.head

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        return await self._home.with_earlier(await self._own.load(list(streams)))

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        keys = list(keys)
        return await self._home.with_earlier_replies(keys, await self._own.replies(keys))

    async def append(self, rows: Sequence[Row], replies: Sequence[Reply], snapshots: Sequence[Snapshot]) -> None:
        come = await self._home.moved_in(self._own, rows)
        streams = {one.stream for one in come}
        await self._own.append(rows, replies, [*come, *(one for one in snapshots if one.stream not in streams)])

    # as it is

    async def tail(self, after: Position) -> Sequence[Row]:
        return await self._own.tail(after)

    async def news(self, after: Position, wants: Wanted) -> News:
        return await self._own.news(after, wants)

    def commit(self) -> Awaitable[None]:
        return self._own.commit()

    async def rollback(self) -> None:
        await self._own.rollback()


def _last(own: Loaded) -> int:
    """The version up to which a log has a stream."""
    if own.rows:
        return own.rows[-1].version
    return 0 if own.snapshot is None else own.snapshot.version
