"""Cached aggregates: the state of recently used streams, bounded, each with the version it stands at.

Batches work on an overlay (``overlay.py``). Only what was written is merged into the cache; the rest leaves no trace.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterable

import msgspec
import structlog
from msgspec.structs import replace

from commands.errors import UnreadableStream
from commands.mapper import recorded
from commands.overlay import Overlay
from commands.routes import decider_of
from commands.store.port import Loaded, Row, Snapshot
from domain.decider import State

SNAPSHOT_EVERY = 200
"""Events of one stream between two snapshots: loading folds at most so many, and a batch, more."""

log = structlog.get_logger("engine")
_encode_state = msgspec.msgpack.Encoder().encode


class Aggregate(msgspec.Struct, frozen=True, gc=False):
    version: int
    hash: bytes
    state: State
    snapshot_version: int


class Aggregates:
    """Keeps at least the ``maximum`` most recently used streams, and at most twice as many.

    Two generations: what is used moves to the young one; when that is full, the old one is dropped. Cheaper than an
    exact order of use, which would have to be kept up at every look.
    """

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._young: dict[str, Aggregate] = {}
        self._old: dict[str, Aggregate] = {}
        self._overlay: Overlay[Aggregate] = Overlay()
        self.hits = self.misses = 0
        """Streams that commands needed, and that were cached or had to be loaded."""
        self._reading: dict[str, object] = {}
        """Streams that are being read from the log, a mark of each that ends when others are heard to write to it."""
        self._heard: dict[str, int] = {}
        """Streams in flight, and the last version of them that was read from the log since the take-off."""

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def get(self, stream: str) -> Aggregate | None:
        overlay = self._overlay
        found = overlay.deciding.get(stream) or overlay.flying.get(stream) or self._young.get(stream)
        if found is None:
            found = self._old.get(stream)
            if found is not None:
                self._young[stream] = found
        return found

    def missing(self, streams: Collection[str]) -> set[str]:
        """Which of them would have to be loaded."""
        deciding, flying, young, old = self._overlay.deciding, self._overlay.flying, self._young, self._old
        missing = {
            stream
            for stream in streams
            if stream not in deciding and stream not in young and stream not in flying and stream not in old
        }
        self.misses += len(missing)
        self.hits += len(streams) - len(missing)
        return missing

    def cached(self, streams: set[str]) -> set[str]:
        """Those of them that ``committed`` knows or that are being read. Of thousands hardly any are, so they are not
        asked one by one."""
        return (streams & self._young.keys()) | (streams & self._old.keys()) | (streams & self._reading.keys())

    def committed(self, stream: str) -> Aggregate | None:
        """Without what a batch that is still on its way has made of it."""
        return self._young.get(stream) or self._old.get(stream)

    def put(self, stream: str, aggregate: Aggregate) -> None:
        """Within a batch: becomes visible to others when the batch has been written."""
        self._overlay.deciding[stream] = aggregate

    def keep(self, stream: str, aggregate: Aggregate) -> None:
        """Caches committed state."""
        known = self.committed(stream)
        if known is None or known.version < aggregate.version:
            self._young[stream] = aggregate
            self._hear(stream, aggregate.version)
        self._age()

    async def read(self, stream: str, reading: Awaitable[Aggregate], keep_absent: bool) -> Aggregate:
        """What ``reading`` the log comes to, which is cached unless others have been heard to write to the stream
        meanwhile: it may be from before that, and nobody would notice. One without events only if ``keep_absent``."""
        mark = self._reading.setdefault(stream, object())
        try:
            found = await reading
            if self._reading.get(stream) is mark and (found.version or keep_absent):
                self.keep(stream, found)
        finally:
            if self._reading.get(stream) is mark:
                del self._reading[stream]
        return found

    def absorb(self, rows: Iterable[Row]) -> None:
        """Folds events that were committed elsewhere into whatever of them is cached."""
        for row in rows:
            self._hear(row.stream, row.version)
            known = self.committed(row.stream)
            if known is None:
                self._reading.pop(row.stream, None)
                continue
            if row.version <= known.version:
                continue
            if row.version > known.version + 1:  # a gap: something was missed, so load it anew when needed
                self._drop(row.stream)
                continue
            try:
                state = decider_of(row.stream).evolve(known.state, recorded(row).event)
            except Exception as error:  # one that this version cannot read holds up nobody but its own stream
                log.error("unreadable_event", position=row.position, stream=row.stream, error=repr(error))
                self._drop(row.stream)
                continue
            self._young[row.stream] = Aggregate(row.version, row.hash, state, known.snapshot_version)

    def _hear(self, stream: str, version: int) -> None:
        if stream in self._overlay.flying:
            self._heard[stream] = version

    def _drop(self, stream: str) -> None:
        self._young.pop(stream, None)
        self._old.pop(stream, None)

    def take_off(self) -> None:
        self._heard.clear()
        self._overlay.take_off()

    def land(self) -> None:
        """Values older than what was read meanwhile are dropped: somebody may have written right behind the flight,
        and been read before it was known here to have landed."""
        landed = self._overlay.land()
        for stream, version in self._heard.items():
            if version > landed[stream].version:
                del landed[stream]
        self._young.update(landed)
        self._age()

    def crash(self) -> None:
        self._overlay.crash()

    def forget(self) -> None:
        self._overlay.forget()

    def snapshots_due(self) -> list[Snapshot]:
        """Snapshots of the batch's streams that have grown enough since their last one."""
        due = []
        decided = self._overlay.deciding
        for stream, aggregate in decided.items():
            if aggregate.version - aggregate.snapshot_version >= SNAPSHOT_EVERY:
                due.append(snapshot_of(stream, aggregate))
                decided[stream] = replace(aggregate, snapshot_version=aggregate.version)
        return due

    def clear(self) -> None:
        """Everything is loaded anew."""
        self._young, self._old, self._reading = {}, {}, {}

    def _age(self) -> None:
        if len(self._young) >= self._maximum:
            self._young, self._old = {}, self._young


def snapshot_of(stream: str, aggregate: Aggregate) -> Snapshot:
    generation = decider_of(stream).generation
    return Snapshot(stream, aggregate.version, generation, aggregate.hash, _encode_state(aggregate.state))


def fold(stream: str, loaded: Loaded) -> Aggregate:
    """The aggregate that a stream adds up to. Raises UnreadableStream."""
    decider = decider_of(stream)
    version, digest, state, snapshot_version = 0, b"", decider.initial, 0
    snapshot = loaded.snapshot
    if snapshot is not None:
        version, digest, snapshot_version = snapshot.version, snapshot.hash, snapshot.version
        try:
            state = msgspec.msgpack.decode(snapshot.state, type=decider.states)
        except ValueError as error:
            raise UnreadableStream(stream, f"snapshot of version {version}, {error!r}") from error
    for row in loaded.rows:
        try:
            state = decider.evolve(state, recorded(row).event)
        except Exception as error:  # whatever damaged bytes make of a decoder
            raise UnreadableStream(stream, f"position {row.position}, {error!r}") from error
        version, digest = row.version, row.hash
    return Aggregate(version, digest, state, snapshot_version)
