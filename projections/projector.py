"""A projection is a keyed fold: events in, rows out, nothing else.

``keys`` names the rows an event concerns, ``fold`` makes the new row from the old one and the event (None deletes
it). Both are pure, so the same two functions serve the follower, a rebuild that folds in memory, and every store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from domain.ids import PREFIXES
from domain.recorded import Recorded
from domain.stored.codec import TOPICS


class ViewRow(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A row as stored: plain data, which cannot form cycles."""


@dataclass(frozen=True, slots=True)
class Index:
    """The rows of each owner, in order. Both are made from key and row."""

    owner: Callable[[str, Any], str | None]
    """None: the row stands in no list."""
    order: Callable[[str, Any], int] | None = None
    """Ties, and everything where there is no order, go by key."""


def own_stream(recorded: Recorded) -> Sequence[str]:
    """One row for each aggregate."""
    return (recorded.stream,)


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    row: type[Any]
    folds: Mapping[type, Callable[..., Any]]
    """By event type; other events do not concern this table. They take the old row and the event."""
    keys: Callable[[Recorded], Sequence[str]] = own_stream
    parts: Callable[[Recorded], Mapping[str, Any]] | None = None
    """Where one event means something else to each of its rows: what it means to which. Takes the place of ``keys``;
    the folds get that part as well."""
    indexes: Mapping[str, Index] = field(default_factory=dict)
    archived: bool = False
    """Whether rows of which nothing is expected any more may lie apart (``shelf.py``), where a store has daily ones."""
    of_one_stream: bool = False
    """Whether all that a row is made of comes from one stream; so it is without ``keys``. Before the first event of a
    stream none of its rows needs to be looked for."""
    prefixes: frozenset[str] = frozenset()
    """Of the streams whose events it folds; given by the stored names of those unless it is told."""
    names: frozenset[str] = field(default=frozenset(), init=False)
    """Stored names of the events that it folds."""

    def __post_init__(self) -> None:
        if self.parts is not None:
            parts = self.parts
            object.__setattr__(self, "keys", lambda recorded: tuple(parts(recorded)))
        elif self.keys is own_stream:
            object.__setattr__(self, "of_one_stream", True)
        names = frozenset(TOPICS[kind].partition("@")[0] for kind in self.folds if kind in TOPICS)
        object.__setattr__(self, "names", names)
        if not self.prefixes:
            families = {name.partition(".")[0] for name in names}
            object.__setattr__(self, "prefixes", frozenset(PREFIXES[family] for family in families))


@dataclass(frozen=True, slots=True)
class Projection:
    name: str
    version: int
    """Raised when rows change meaning; the tables are then rebuilt from the log under new names."""
    tables: Sequence[Table]
