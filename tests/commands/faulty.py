"""A log that fails on demand, at the points where real ones do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from commands.errors import StorageUnavailable
from commands.store.port import EventLog, Loaded, News, Reply, Row, Snapshot, Transaction, Wanted


class ConnectionLost(Exception):
    pass


class FaultyLog:
    """Hands everything to a real log. ``commits`` counts those that were asked for."""

    def __init__(self, real: EventLog) -> None:
        self.real = real
        self.commits = 0
        self.rows_loaded = 0
        self.begins_to_fail = 0
        self.reads_to_fail = 0
        self.lose_commits = 0
        """The next so many transactions are rolled back, and the connection with them."""
        self.lose_replies = 0
        """The next so many are committed, and nobody hears of it."""
        self.gate: asyncio.Event | None = None
        """Commits wait for it."""

    async def begin(self) -> Transaction:
        if self.begins_to_fail:
            self.begins_to_fail -= 1
            raise StorageUnavailable("the log cannot be reached")
        return FaultyTransaction(self, await self.real.begin())

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        self._readable()
        return self.counted(await self.real.load(streams))

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        self._readable()
        return await self.real.replies(keys)

    def _readable(self) -> None:
        if self.reads_to_fail:
            self.reads_to_fail -= 1
            raise StorageUnavailable("the log cannot be reached")

    def counted(self, loaded: dict[str, Loaded]) -> dict[str, Loaded]:
        self.rows_loaded += sum(len(stream.rows) for stream in loaded.values())
        return loaded

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class FaultyTransaction:
    def __init__(self, log: FaultyLog, real: Transaction) -> None:
        self.log = log
        self.real = real
        self.head = real.head

    async def tail(self, after: int) -> Sequence[Row]:
        return await self.real.tail(after)

    async def news(self, after: int, wants: Wanted) -> News:
        return await self.real.news(after, wants)

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        return self.log.counted(await self.real.load(streams))

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        return await self.real.replies(keys)

    async def append(self, rows: Sequence[Row], replies: Sequence[Reply], snapshots: Sequence[Snapshot]) -> None:
        await self.real.append(rows, replies, snapshots)

    async def commit(self) -> None:
        log = self.log
        log.commits += 1
        if log.gate is not None:
            await log.gate.wait()
        if log.lose_commits:
            log.lose_commits -= 1
            await self.real.rollback()
            raise ConnectionLost("before the commit")
        await self.real.commit()
        if log.lose_replies:
            log.lose_replies -= 1
            raise ConnectionLost("after the commit")

    async def rollback(self) -> None:
        await self.real.rollback()
