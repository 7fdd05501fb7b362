"""The log in memory: for specifications, and the model that other stores are compared with."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from commands.errors import NothingWritten
from commands.mapper import pack_state, unpack_state
from commands.routes import decider_of
from commands.store.polling import head_beyond
from commands.store.port import Loaded, News, Reply, Row, Snapshot, Wanted, check_positions, news_of


class MemoryLog(POPOApplicationRecorder):
    """Keeps nothing beyond its own life; its lock is between the tasks of one event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.streams: dict[str, list[Row]] = defaultdict(list)
        self.stored_replies: dict[str, Reply] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self._lock = asyncio.Lock()

    async def begin(self) -> MemoryTransaction:
        await self._lock.acquire()
        return MemoryTransaction(self)

    async def head(self) -> int:
        return len(self.rows)

    async def read(self, after: int, limit: int) -> Sequence[Row]:
        return self.rows[after : after + limit]

    async def read_stream(self, stream: str, after_version: int = 0) -> Sequence[Row]:
        return self.streams[stream][after_version:]

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        loaded = {}
        for stream in streams:
            snapshot = self.snapshots.get(stream)
            if snapshot is not None and snapshot.generation != decider_of(stream).generation:
                snapshot = None
            loaded[stream] = Loaded(snapshot, self.streams[stream][snapshot.version if snapshot else 0 :])
        return loaded

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        return {key: self.stored_replies[key] for key in keys if key in self.stored_replies}

    async def changed(self, after: int, timeout: float) -> bool:
        return await head_beyond(self.head, after, timeout)

    async def forget_replies(self, before: int) -> AsyncIterator[int]:
        async with self._lock:
            old = [key for key, reply in self.stored_replies.items() if reply.at < before]
            for key in old:
                del self.stored_replies[key]
        yield len(old)

    async def close(self) -> None:
        pass

    def _store(self, rows: Sequence[Row], replies: Sequence[Reply], snapshots: Sequence[Snapshot]) -> None:
        """Raises IntegrityError."""
        versions = {row.stream: len(self.streams[row.stream]) for row in rows}
        for row in rows:
            versions[row.stream] += 1
            if row.version != versions[row.stream]:
                raise IntegrityError(f"{row.stream}: version {row.version} where {versions[row.stream]} comes next")
        for row in rows:
            self.rows.append(row)
            self.streams[row.stream].append(row)
            self._stored_events.append(StoredEvent(row.stream, row.version, row.topic, pack_state(row)))
            self._stored_events_index[row.stream][row.version] = len(self._stored_events) - 1
        self.stored_replies.update((reply.key, reply) for reply in replies)
        self.snapshots.update((snapshot.stream, snapshot) for snapshot in snapshots)

    def _update_table(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """The library's way in; same checks, same rows."""
        first = len(self.rows) + 1
        rows = [
            Row(position, str(event.originator_id), event.originator_version, event.topic, *unpack_state(event.state))
            for position, event in enumerate(stored_events, first)
        ]
        self._store(rows, (), ())
        return [row.position for row in rows]


class MemoryTransaction:
    """What is appended waits here for the commit."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self._ended = False
        self.head = len(log.rows)
        self._pending: tuple[Sequence[Row], Sequence[Reply], Sequence[Snapshot]] = ((), (), ())

    async def tail(self, after: int) -> Sequence[Row]:
        return self._log.rows[after : self.head]

    async def news(self, after: int, wants: Wanted) -> News:
        return news_of(await self.tail(after), wants)

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        return await self._log.load(streams)

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        return await self._log.replies(keys)

    async def append(self, rows: Sequence[Row], replies: Sequence[Reply], snapshots: Sequence[Snapshot]) -> None:
        check_positions(rows, self.head)
        self._pending = (rows, replies, snapshots)

    async def commit(self) -> None:
        try:
            self._log._store(*self._pending)
        except IntegrityError as error:
            raise NothingWritten(str(error)) from error
        self._ended = True
        self._log._lock.release()

    async def rollback(self) -> None:
        if not self._ended:
            self._ended = True
            self._log._lock.release()
