"""The log as processes reach it: over a wire that may be slow or cut, to a store that may refuse.

The store itself is the log in memory. A commit fails before it is written, or is written and nobody hears of it; a
process that is killed leaves it at one or the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from commands.errors import NothingWritten, StorageUnavailable
from commands.store.memory import MemoryLog, MemoryTransaction
from commands.store.port import Loaded, News, Reply, Row, Snapshot, Wanted


class ConnectionLost(Exception):
    """In the middle of something."""


@dataclass
class Faults:
    """How often something goes wrong, of one; nothing while ``calm``."""

    chance: Random
    tell: Callable[[str], None]
    calm: bool = False
    commit_refused: float = 0.02
    commit_lost: float = 0.02
    reply_lost: float = 0.03
    unreachable: float = 0.01
    slow_s: float = 0.05

    def strikes(self, rate: float, what: str) -> bool:
        if self.calm or self.chance.random() >= rate:
            return False
        self.tell(what)
        return True

    async def wire(self) -> None:
        """Some time goes by; mostly little."""
        if self.chance.random() < 0.3:
            await asyncio.sleep(self.chance.random() * (self.slow_s if self.chance.random() < 0.2 else 0.002))


class Disk(MemoryLog):
    """What is left when every process is gone."""

    def __init__(self, committed: Callable[[Sequence[Row], Sequence[Reply]], None]) -> None:
        super().__init__()
        self._committed = committed

    def _store(self, rows: Sequence[Row], replies: Sequence[Reply], snapshots: Sequence[Snapshot]) -> None:
        super()._store(rows, replies, snapshots)
        self._committed(rows, replies)


class Connection:
    """One process's way to the log."""

    def __init__(self, disk: Disk, faults: Faults) -> None:
        self._disk = disk
        self._faults = faults
        self._open: list[MemoryTransaction] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._disk, name)

    async def begin(self) -> Transaction:
        await self._reach()
        real = await self._disk.begin()
        self._open.append(real)
        return Transaction(self, real, self._faults)

    async def read(self, after: int, limit: int) -> Sequence[Row]:
        await self._reach()
        return await self._disk.read(after, limit)

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        await self._faults.wire()
        return await self._disk.load(sorted(streams))

    async def _reach(self) -> None:
        await self._faults.wire()
        if self._faults.strikes(self._faults.unreachable, "the log cannot be reached"):
            raise StorageUnavailable("the log cannot be reached")

    def ended(self, real: MemoryTransaction) -> None:
        if real in self._open:
            self._open.remove(real)

    async def cut(self) -> None:
        """The process is gone: the store gives back its locks."""
        for real in tuple(self._open):
            await real.rollback()
        self._open.clear()


class Transaction:
    """A transaction of the simulated log: a real one of the log in memory, at the end of a wire that may fail."""

    def __init__(self, connection: Connection, real: MemoryTransaction, faults: Faults) -> None:
        self.head = real.head
        self._connection = connection
        self._real = real
        self._faults = faults

    async def tail(self, after: int) -> Sequence[Row]:
        await self._faults.wire()
        return await self._real.tail(after)

    async def news(self, after: int, wants: Wanted) -> News:
        await self._faults.wire()
        return await self._real.news(after, wants)

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        await self._faults.wire()
        return await self._real.load(sorted(streams))

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        await self._faults.wire()
        return await self._real.replies(keys)

    async def append(self, rows: Sequence[Row], replies: Sequence[Reply], snapshots: Sequence[Snapshot]) -> None:
        await self._faults.wire()
        await self._real.append(rows, replies, snapshots)

    def commit(self) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(self._commit(), name="commit")

    async def _commit(self) -> None:
        faults = self._faults
        await faults.wire()
        if faults.strikes(faults.commit_refused, "a commit is refused"):
            raise NothingWritten("the disk is full")
        if faults.strikes(faults.commit_lost, "the connection is lost before a commit"):
            raise ConnectionLost("before the commit")
        await self._real.commit()
        self._connection.ended(self._real)
        await faults.wire()
        if faults.strikes(faults.reply_lost, "the reply to a commit is lost"):
            raise ConnectionLost("after the commit")

    async def rollback(self) -> None:
        self._connection.ended(self._real)
        await self._real.rollback()
