"""A projection is a keyed fold: events in, rows out, nothing else.

``keys`` names the rows an event concerns, ``fold`` makes the new row from the old one and the event (None deletes
it). Both are pure, so the same two functions serve the follower, a rebuild that folds in memory, and every store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from domain.recorded import Recorded


class ViewRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row as stored: plain data."""


@dataclass(frozen=True, slots=True)
class Column:
    """A value beside the row that queries may filter and sort by."""

    sql_type: str
    value: Callable[[str, Any], Any]
    """From key and row."""


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    row: type[Any]
    folds: Mapping[type, Callable[[Any, Recorded], Any]]
    """By event type; other events do not concern this table."""
    keys: Callable[[Recorded], Sequence[str]] = lambda recorded: (recorded.stream,)
    columns: Mapping[str, Column] = field(default_factory=dict)
    indexes: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class Projection:
    name: str
    version: int
    """Raised when rows change meaning; the tables are then rebuilt from the log under new names."""
    tables: Sequence[Table]
