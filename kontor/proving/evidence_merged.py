"""Several logs as their examiner sees them: one log, in the order of all their events.

What was committed and has no place yet stands at the end, as the next cut would put it.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from heapq import merge
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Protocol

from commands.errors import UnusableLog
from commands.logs.order import Span
from commands.logs.order_file import all_spans
from kontor.folder import DataFolder
from kontor.proving.evidence import CACHE_KIB, PAGE, Damaged, Evidence, SQLiteEvidence
from kontor.readonly import open_readonly
from kontor.wiring.logfiles import log_files

TRIES = 10_000


@contextmanager
def merged_evidence(path: Path) -> Iterator[MergedEvidence]:
    """Raises UnusableLog."""
    folder = DataFolder(path)
    with ExitStack() as stack:
        files = log_files(folder)
        connections = [stack.enter_context(closing(open_readonly(file))) for file in files]
        watching = [_File(stack.enter_context(closing(open_readonly(file)))) for file in files]
        heads = at_one_moment([_File(connection) for connection in connections], watching)
        with closing(open_readonly(folder.order)) as order:
            spans = all_spans(order)
        for connection in connections:
            connection.execute(f"PRAGMA cache_size=-{CACHE_KIB // len(files)}")
        yield MergedEvidence([SQLiteEvidence(connection) for connection in connections], spans, heads)


class Watched(Protocol):
    def head(self) -> int:
        """The position of the last event. Raises Damaged."""


class Stood(Watched, Protocol):
    """Whose head is as of when it was begun."""

    def begin(self) -> None:
        """Once more, if it had begun."""


def at_one_moment(logs: Sequence[Stood], watching: Sequence[Watched]) -> list[int]:
    """Begins a transaction on each, and says where each ends. No log has gone on before all have begun: else a reaction
    might be seen in one log, and not what it was a reaction to in another. Raises UnusableLog."""
    try:
        for _ in range(TRIES):
            for log in logs:
                log.begin()
            heads = [log.head() for log in logs]
            if heads == [log.head() for log in watching]:
                return heads
    except Damaged as damage:
        raise UnusableLog(f"a log cannot be read: {damage}") from damage
    raise UnusableLog("the logs do not stand still for a moment; try again when less is written")


class _File:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def begin(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._connection.execute("BEGIN")

    def head(self) -> int:
        try:
            return int(self._connection.execute("SELECT max(position) FROM events").fetchone()[0] or 0)
        except sqlite3.Error as error:
            raise Damaged(f"it is damaged, {error}; restore it from a backup") from error


class MergedEvidence:
    """Positions are places in the order."""

    def __init__(self, logs: Sequence[Evidence], spans: Sequence[Span], heads: Sequence[int]) -> None:
        self._logs = logs
        self._spans = _with_ends(spans, heads)
        self._firsts = [span.first for span in self._spans]
        self._by_log = [[span for span in self._spans if span.log == number] for number in range(len(logs))]
        self._starts = [[span.start for span in own] for own in self._by_log]

    def extent(self) -> tuple[int, int, int]:
        extents = [log.extent() for log in self._logs]
        head = self._spans[-1].first + self._spans[-1].events - 1 if self._spans else 0
        return sum(count for count, _, _ in extents), 1, head

    def positions(self) -> Iterator[int]:
        """The place of each event that there is."""
        yield from merge(*(self._places(number) for number in range(len(self._logs))))

    def _places(self, number: int) -> Iterator[int]:
        for position in self._logs[number].positions():
            yield self._place(number, position)

    def _place(self, number: int, position: int) -> int:
        at = bisect_right(self._starts[number], position) - 1
        if at < 0:
            raise Damaged(f"log {number} has an event at position {position}")
        span = self._by_log[number][at]
        return span.first + position - span.start

    def events(self) -> Iterator[list[tuple[Any, ...]]]:
        """A stream that has moved is in two logs, and comes together here."""
        rows = merge(*(self._placed(number) for number in range(len(self._logs))), key=_by_stream)
        page: list[tuple[Any, ...]] = []
        for row in rows:
            page.append(row)
            if len(page) == PAGE:
                yield page
                page = []
        if page:
            yield page

    def _placed(self, number: int) -> Iterator[tuple[Any, ...]]:
        for page in self._logs[number].events():
            for row in page:
                yield (self._place(number, row[0]), *row[1:])

    def rows(self, after: int, limit: int) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        at = max(0, bisect_right(self._firsts, after + 1) - 1)
        while len(found) < limit and at < len(self._spans):
            span = self._spans[at]
            skipped = max(0, after + 1 - span.first)
            wanted = min(limit - len(found), span.events - skipped)
            if wanted > 0:
                rows = self._logs[span.log].rows(span.start + skipped - 1, wanted)
                found += [(place, *row[1:]) for place, row in enumerate(rows, span.first + skipped)]
            at += 1
        return found

    def replies(self) -> Iterator[tuple[Any, ...]]:
        for log in self._logs:
            yield from log.replies()

    def snapshots(self) -> Iterator[tuple[Any, ...]]:
        """Of a stream that has moved the newest."""
        both = merge(*(log.snapshots() for log in self._logs), key=lambda row: row[0].encode())
        for _, own in groupby(both, key=lambda row: row[0]):
            yield max(own, key=lambda row: row[1])

    def stream(self, name: str, before: int) -> list[tuple[str, bytes]]:
        found = []
        for number, log in enumerate(self._logs):
            found += log.stream(name, self._position_before(number, before))
        return found

    def history(self, name: str, after: int, limit: int) -> list[tuple[Any, ...]]:
        """However often the stream has moved; of each log no more is read than could be wanted."""
        rows = merge(*(self._history(number, name, after, limit) for number in range(len(self._logs))), key=_by_stream)
        return list(islice(rows, limit))

    def _history(self, number: int, name: str, after: int, limit: int) -> Iterator[tuple[Any, ...]]:
        for row in self._logs[number].history(name, after, limit):
            yield (self._place(number, row[0]), *row[1:])

    def _position_before(self, number: int, before: int) -> int:
        """The first position of a log whose place is not before another."""
        for span in reversed(self._by_log[number]):
            if span.first < before:
                return span.start + min(span.events, before - span.first)
        return 0


def _by_stream(row: tuple[Any, ...]) -> tuple[bytes, int]:
    return row[1].encode(), row[2]


def _with_ends(spans: Sequence[Span], heads: Sequence[int]) -> list[Span]:
    """And what has no place yet. Places beyond a log's end are left as they are: nobody is found there."""
    ends = [0] * len(heads)
    for span in spans:
        ends[span.log] = span.start + span.events - 1
    whole = list(spans)
    first = whole[-1].first + whole[-1].events if whole else 1
    for number, (known, head) in enumerate(zip(ends, heads, strict=True)):
        if head > known:
            whole.append(Span(first, number, known + 1, head - known))
            first += head - known
    return whole
