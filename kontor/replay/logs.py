"""The log as a replay reads it: as it goes on, one or several that have an order; and those of a data folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Protocol

from commands.errors import UnusableLog
from commands.logs.order import Span
from commands.logs.order_file import head_of, last_place, spans_between
from kontor.folder import DataFolder
from kontor.proving.evidence import COLUMNS, Damaged
from kontor.readonly import open_readonly
from kontor.wiring.logfiles import log_files


class Followed(Protocol):
    """Methods raise Damaged."""

    def head(self) -> int:
        """The last position that there is."""

    def read(self, after: int, upto: int, others: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """What is stored after a position and up to another, in order, without events of the topics ``others``."""


class Places(Protocol):
    """The order of several logs, as far as it goes. Methods raise Damaged."""

    def last(self) -> int:
        """Where it ends; 0 while nothing is in it."""

    def head_of(self, log: int) -> int:
        """The position up to which a log is in it."""

    def between(self, after: int, upto: int) -> list[Span]:
        """What lies in (after, upto], cut to fit."""


class Log:
    """One file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def head(self) -> int:
        with _damage("the log is damaged", "restore it from a backup"):
            return int(self._connection.execute("SELECT max(position) FROM events").fetchone()[0] or 0)

    def read(self, after: int, upto: int, others: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        query = f"SELECT {COLUMNS} FROM events WHERE position > ? AND position <= ? "
        query += f"AND topic NOT IN ({', '.join('?' * len(others))}) ORDER BY position"
        with _damage(f"the log is damaged after event {after}", "restore it from a backup"):
            return self._connection.execute(query, (after, upto, *others)).fetchall()


ORDER = "the order of the logs is damaged", "restore it with the logs from a backup"


class FilePlaces:
    """In the file of their order."""

    def __init__(self, order: sqlite3.Connection) -> None:
        self._order = order

    def last(self) -> int:
        with _damage(*ORDER):
            return last_place(self._order)

    def head_of(self, log: int) -> int:
        with _damage(*ORDER):
            return head_of(self._order, log)

    def between(self, after: int, upto: int) -> list[Span]:
        with _damage(*ORDER):
            return spans_between(self._order, after, upto)


class SeveralLogs:
    """Several as one log, whose positions are places in their order. What was committed and has no place yet is
    not there yet: no view has it either."""

    def __init__(self, logs: Sequence[Followed], places: Places) -> None:
        self._logs = logs
        self._places = places

    def check(self) -> None:
        """Raises UnusableLog if the order knows of more than the logs have, as a start does, and Damaged."""
        for number, log in enumerate(self._logs):
            known, head = self._places.head_of(number), log.head()
            if head < known:
                raise UnusableLog(
                    f"log {number} ends at position {head}, and its order knows of {known}; "
                    "restore logs and order from the same backup"
                )

    def head(self) -> int:
        return self._places.last()

    def read(self, after: int, upto: int, others: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        spans = self._places.between(after, upto)
        found: list[tuple[Any, ...]] = []
        for number in {span.log for span in spans}:
            # The order goes through each log as that does itself, so these have no gaps between them.
            own = [span for span in spans if span.log == number]
            last = own[-1].start + own[-1].events - 1
            found += _placed(self._logs[number].read(own[0].start - 1, last, others), own)
        found.sort(key=_place)
        return found


def _place(row: tuple[Any, ...]) -> int:
    place: int = row[0]
    return place


def _placed(rows: Sequence[tuple[Any, ...]], spans: Sequence[Span]) -> Iterator[tuple[Any, ...]]:
    """Rows of one log, by their places. Some may have been left out."""
    left, end, ahead = iter(spans), 0, 0
    for position, *rest in rows:
        while position >= end:
            first, _, start, events = next(left)
            end, ahead = start + events, first - start
        yield (position + ahead, *rest)


@contextmanager
def opened_log(folder: DataFolder) -> Iterator[Followed]:
    """Raises UnusableLog."""
    folder.require_log()
    with ExitStack() as stack:
        logs = [Log(stack.enter_context(closing(open_readonly(file)))) for file in log_files(folder)]
        if not folder.order.exists():
            yield logs[0]
            return
        several = SeveralLogs(logs, FilePlaces(stack.enter_context(closing(open_readonly(folder.order)))))
        several.check()
        yield several


@contextmanager
def _damage(what: str, remedy: str) -> Iterator[None]:
    """Raises Damaged for what a file refuses."""
    try:
        yield
    except sqlite3.Error as error:
        raise Damaged(f"{what}: {error}; {remedy}") from error
