"""One run of a feed: copy the source, read its rows, pass those on that are not as they were, and say what came of it.

Killed anywhere, it goes on where it was: the copy lies beside the memory of the feed, and that says up to where it has
been read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from domain.catalog.cells import COMMA
from domain.sellers.feedstate import Feed
from domain.sellers.feedterms import CUT_OFF, DONE, FAILED, SAME, RunCounts, SourceMark
from streams.merchantfeeds.memory import UNKNOWN, FeedMemory, Progress
from streams.merchantfeeds.reading import Reader
from streams.merchantfeeds.rejected import RejectedFile
from streams.merchantfeeds.rows import Line, Loaded, Loader, Rejection, names_of
from streams.merchantfeeds.sources import Fetched, SourceFailed, Sources

BATCH = 1_000
"""Rows read and compared at once: some 5 ms of a thread."""
LOADED = 250
"""Rows given to the write path at once; more would keep the event loop from others for longer than they gain."""
KEY_MAX = 300
ANY_TIME = nullcontext()
_encode = msgspec.json.Encoder(order="deterministic").encode


class Result(NamedTuple):
    outcome: str
    reason: str = ""
    counts: RunCounts = RunCounts()
    kept: int = 0
    mark: SourceMark = SourceMark()


class RunLost(Exception):
    """Another worker may have gone on with the run."""


class _Batch(NamedTuple):
    lines: list[Line]
    fresh: list[Line]
    """Those that are not as they were remembered, with those that are no rows."""
    digests: dict[int, tuple[str, bytes]]
    """Key and digest of fresh lines that have a key, by number."""
    unchanged: list[str]


class FeedRun:
    """``feed`` has begun the run. ``held`` says whether it is still this worker's; before it reads it waits for its
    ``turn``."""

    def __init__(
        self,
        files: FeedFiles,
        feed: Feed,
        shop_id: str,
        currency: str,
        sources: Sources,
        loader: Loader,
        held: Callable[[], bool],
        turn: AbstractAsyncContextManager[Any] = ANY_TIME,
    ) -> None:
        assert feed.running is not None
        self._files = files
        self._feed = feed
        self._terms = feed.running.terms
        self._running = feed.running
        self._shop_id = shop_id
        self._currency = currency
        self._sources = sources
        self._loader = loader
        self._held = held
        self._turn = turn

    async def perform(self) -> Result:
        """Raises RunLost, WritePathError, OSError, sqlite3.Error; called again after those it goes on."""
        memory = await asyncio.to_thread(FeedMemory, self._files.memory)
        try:
            last = self._feed.runs[-1].run_id if self._feed.runs else ""
            progress = await asyncio.to_thread(
                memory.begin, self._running.run_id, self._terms.what, last, anew=self._running.anew
            )
            fetched = await self._fetched(memory, progress)
            if fetched is None:
                return Result(SAME, mark=self._feed.mark)
            async with self._turn:
                return await self._read(memory, *fetched)
        except SourceFailed as error:
            return Result(FAILED, str(error))
        finally:
            memory.close()

    async def _fetched(self, memory: FeedMemory, progress: Progress) -> tuple[Progress, Fetched] | None:
        """The copy, which may be there already; None if the source is as it was."""
        spool, fetched = self._files.spool, progress.fetched
        if fetched is not None and await asyncio.to_thread(_has_size, spool, fetched.size):
            return progress, fetched
        known = SourceMark() if self._running.anew else self._feed.mark
        fetched = await self._sources.fetch(self._terms.source, self._shop_id, spool, known)
        if fetched is None:
            return None
        progress = Progress(progress.run_id, progress.what, progress.number, fetched)
        await asyncio.to_thread(memory.note, progress)
        return progress, fetched

    async def _read(self, memory: FeedMemory, progress: Progress, fetched: Fetched) -> Result:
        reader = await asyncio.to_thread(
            Reader, self._files.spool, self._terms, self._currency, progress.place, bool(fetched.cut_off)
        )
        rejected = RejectedFile(self._files.rejected, progress.kept, progress.kept_bytes)
        try:
            while (batch := await asyncio.to_thread(self._next, reader, memory)).lines:
                loaded = await self._load(batch.fresh)
                progress = await asyncio.to_thread(self._record, memory, progress, reader, rejected, batch, loaded)
            missing = fetched.cut_off or ("the last row is not whole" if reader.torn else "")
        finally:
            reader.close()
            rejected.close()
        progress, reason = await self._withdraw(memory, progress, missing)
        if missing:
            return Result(CUT_OFF, missing, progress.counts, progress.kept)
        mark = SourceMark() if progress.counts.rejected else fetched.mark
        return Result(DONE, reason, progress.counts, progress.kept, mark)

    def _next(self, reader: Reader, memory: FeedMemory) -> _Batch:
        lines = reader.rows(BATCH)
        keyed = [(line, key_of(line.data)) for line in lines]
        known = memory.known([key for _, key in keyed if key])
        fresh: list[Line] = []
        digests: dict[int, tuple[str, bytes]] = {}
        unchanged: list[str] = []
        for line, key in keyed:
            if not key:
                fresh.append(line)
                continue
            digest = digest_of(line)
            if known.get(key) == digest:
                unchanged.append(key)
            else:
                known[key] = digest  # a later row of the same name is compared with this one
                fresh.append(line)
                digests[line.number] = (key, digest)
        return _Batch(lines, fresh, digests, unchanged)

    async def _load(self, lines: Sequence[Line]) -> Loaded:
        rejections: list[Rejection] = []
        changed = 0
        for start in range(0, len(lines), LOADED):
            if not self._held():
                raise RunLost
            loaded = await self._loader.load(self._terms.what, lines[start : start + LOADED], self._shop_id)
            rejections += loaded.rejections
            changed += loaded.changed
        return Loaded(rejections, changed)

    def _record(
        self,
        memory: FeedMemory,
        progress: Progress,
        reader: Reader,
        rejected: RejectedFile,
        batch: _Batch,
        loaded: Loaded,
    ) -> Progress:
        refused = {rejection.number for rejection in loaded.rejections}
        rejected.write(loaded.rejections, {line.number: line.data for line in batch.fresh if line.number in refused})
        keys = {key: UNKNOWN if number in refused else digest for number, (key, digest) in batch.digests.items()}
        before = progress.counts
        read, wrong = before.read + len(batch.lines), before.rejected + len(refused)
        changed = before.changed + loaded.changed
        progress = replace(
            progress,
            place=reader.place,
            counts=RunCounts(read, changed, read - changed - wrong, wrong),
            nameless=progress.nameless + len(refused - batch.digests.keys()),
            kept=rejected.kept,
            kept_bytes=rejected.size,
        )
        memory.advance(progress, keys, batch.unchanged if self._terms.complete else ())
        return progress

    async def _withdraw(self, memory: FeedMemory, progress: Progress, missing: str) -> tuple[Progress, str]:
        """What the source does not list any more, where it says that it lists everything; or why nothing."""
        if not self._terms.complete or missing:
            return progress, ""
        if progress.nameless:
            return progress, f"nothing was withdrawn: {progress.nameless} rows may be about anything"
        if not progress.counts.read:
            return progress, "nothing was withdrawn: the source lists nothing at all"
        while keys := await asyncio.to_thread(memory.gone, progress.number, LOADED):
            if not self._held():
                raise RunLost
            withdrawn = await self._loader.withdraw(self._terms.what, keys, self._shop_id)
            counts = replace(progress.counts, withdrawn=progress.counts.withdrawn + withdrawn)
            progress = replace(progress, counts=counts)
            await asyncio.to_thread(memory.drop, progress, keys)
        return progress, ""


class FeedFiles(NamedTuple):
    """What a feed has on the disk of the worker that runs it; all of it can be deleted between two runs."""

    folder: Path
    shop_id: str
    name: str

    @property
    def memory(self) -> Path:
        return self._called("db")

    @property
    def spool(self) -> Path:
        return self._called("spool")

    @property
    def rejected(self) -> Path:
        return self._called("rejected.ndjson")

    def clear(self) -> None:
        """After a run: the memory stays."""
        self.spool.unlink(missing_ok=True)
        self.rejected.unlink(missing_ok=True)

    def _called(self, suffix: str) -> Path:
        return self.folder / f"{self.shop_id}.{self.name}.{suffix}"


def key_of(data: Any) -> str:
    """What a row is remembered by; empty where nobody can tell. Rows of a family have one name, and a SKU each."""
    in_family = isinstance(data, dict) and "axes" in data
    key = "\x1f".join(islice(names_of(data), 2 if in_family else 1))
    return key if len(key) <= KEY_MAX else ""


def digest_of(line: Line) -> bytes:
    """Of what it says: the same cells mean something else when numbers are written otherwise."""
    said = _encode(line.data) + (b"," if line.decimal == COMMA else b"")
    return blake2b(said, digest_size=16).digest()


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
