"""Runs as they are kept, in ``benchmarks.json``: every line that a benchmark printed, and how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from kontor.bench.book.machine import Machine, Pace

KEPT = 12
MEASURED, FAILED, LEFT_OUT = "measured", "failed", "left out"


class Measured(Struct, frozen=True):
    """A case."""

    case: str
    outcome: str
    why: str = ""
    """Why there are no figures of it."""
    lines: tuple[dict[str, Any], ...] = ()
    """One for each repeat, or as many as the benchmark prints."""
    seconds: float = 0.0
    pace: Pace | None = None
    """Just before it began."""


class Run(Struct, frozen=True):
    at: str
    """When it began, in UTC."""
    code: str | None
    machine: Machine
    measured: tuple[Measured, ...]
    seconds: float
    small: bool = False
    accepted: bool = False

    def of(self, case: str) -> Measured | None:
        """If there are figures of it."""
        return next((one for one in self.measured if one.case == case and one.outcome == MEASURED), None)


class Unreadable(ValueError):
    """Not a file of runs."""


class Book(Struct, frozen=True):
    """The runs of the benchmarks that are remembered: ``docs/benchmarks.json``."""

    runs: tuple[Run, ...] = ()
    """Accepted ones, the oldest first, and the last one, accepted or not."""

    @property
    def accepted(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.accepted)

    def add(self, run: Run) -> Book:
        return Book((*self.accepted[-(KEPT - 1) :], run))


def load(path: Path) -> Book:
    """An empty one where there is no file. Raises Unreadable."""
    if not path.exists():
        return Book()
    try:
        return msgspec.json.decode(path.read_bytes(), type=Book)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Unreadable(f"{path} is not a file of runs: {error}") from error


def save(path: Path, book: Book) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(book), indent=1) + b"\n")
