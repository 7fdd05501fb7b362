"""The port of the event log, and what goes through it.

One log, positions 1, 2, 3 … without holes, assigned under the log's lock in commit order. A reader may therefore
page by ``position > n`` and never miss an event. Every adapter passes ``tests/contracts/event_log.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from eventsourcing.persistence import IntegrityError

Position = int


class Row(NamedTuple):
    """A stored event, as bytes."""

    position: Position
    stream: str
    version: int
    topic: str
    meta: bytes
    data: bytes
    hash: bytes


new_row = partial(tuple.__new__, Row)
"""From a sequence. A named tuple's own constructor is a Python function and takes twice as long."""


class Snapshot(NamedTuple):
    stream: str
    version: int
    generation: int
    hash: bytes
    """Hash of the stream's event at ``version``: the chain goes on from it."""
    state: bytes


class Reply(NamedTuple):
    """The stored answer to an idempotent request."""

    key: str
    digest: bytes
    status: int
    headers: bytes
    body: bytes
    at: int


class Loaded(NamedTuple):
    """A stream as it stands: its newest snapshot, if any, and the events after it."""

    snapshot: Snapshot | None
    rows: Sequence[Row]


class News(NamedTuple):
    streams: set[str]
    """All that have moved."""
    rows: Sequence[Row]
    """Events of those that are wanted, in order."""


Wanted = Callable[[set[str], str], set[str]]
"""Of streams that have an event of a topic, those whose events are wanted."""


def news_of(rows: Sequence[Row], wants: Wanted) -> News:
    moved: dict[str, set[str]] = {}
    for row in rows:
        moved.setdefault(row.topic, set()).add(row.stream)
    wanted = wanted_of(moved, wants)
    return News(set().union(*moved.values()), [row for row in rows if row.stream in wanted])


def wanted_of(moved: Mapping[str, set[str]], wants: Wanted) -> set[str]:
    """Of streams that have moved, by the topics of their events."""
    return set().union(*(wants(streams, topic) for topic, streams in moved.items()))


def check_positions(rows: Sequence[Row], head: Position) -> None:
    """For every store's ``append``. Raises IntegrityError unless they go on from the head without a hole."""
    if [row.position for row in rows] != list(range(head + 1, head + len(rows) + 1)):
        raise IntegrityError(f"positions go on from {head}")


class Transaction(Protocol):
    """The log's lock, held from ``EventLog.begin`` until commit or rollback."""

    head: Position

    async def tail(self, after: Position) -> Sequence[Row]:
        """Events with positions in (after, head], in order."""

    async def news(self, after: Position, wants: Wanted) -> News:
        """What has moved after a position; events of the streams of which at least one event is wanted."""

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        """Snapshots of another generation than today's are left out, and all events come instead."""

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]: ...

    async def append(self, rows: Sequence[Row], replies: Sequence[Reply], snapshots: Sequence[Snapshot]) -> None:
        """Once. Rows carry their positions, from head + 1 on, and versions that go on from their streams'.

        Raises IntegrityError if the positions do not, StorageUnavailable; the caller then rolls back. Versions are
        judged by ``commit``, where the store's own index knows them: to ask here would read every stream once more.
        """

    def commit(self) -> Awaitable[None]:
        """Begun when called; once awaited, all that was appended is durable, or nothing.

        Raises NothingWritten when the store would not take it: a version that its stream has already or that does not
        follow the one before it, or a write that failed. Any other exception means that the outcome is unknown. The
        caller rolls back after either.
        """

    async def rollback(self) -> None:
        """Gives the lock back; nothing happens after a commit."""


class EventLog(Protocol):
    async def begin(self) -> Transaction:
        """Takes the lock. Raises StorageUnavailable when it cannot be had in time."""

    async def head(self) -> Position: ...

    async def read(self, after: Position, limit: int) -> Sequence[Row]:
        """Committed events after a position, in order."""

    async def read_stream(self, stream: str, after_version: int = 0) -> Sequence[Row]:
        """Nothing for what is no stream's name, whatever it is made of; so does ``load``."""

    async def load(self, streams: Iterable[str]) -> dict[str, Loaded]:
        """As of the last commit, without the lock."""

    async def replies(self, keys: Iterable[str]) -> dict[str, Reply]:
        """Stored answers to idempotent requests, as of the last commit."""

    async def changed(self, after: Position, timeout: float) -> bool:
        """Waits until the log holds events after a position, at most ``timeout`` seconds; whether it does.

        Wakes up for commits of this process and of others; how soon is the store's affair, but within moments.
        """

    def forget_replies(self, before: int) -> AsyncIterator[int]:
        """Deletes stored answers recorded before an instant (ms), some at a time, so that nobody who writes waits for
        all of them; how many each time. Raises StorageUnavailable; what was deleted by then stays so."""

    async def close(self) -> None: ...
