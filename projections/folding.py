"""Folding a batch of events into the rows of a table: pure, whatever store the rows come from and go to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from domain.recorded import Recorded, Unreadable
from domain.stored.codec import EVENTS
from projections.projector import Table

NOWHERE = -1
NEVER = 1 << 62
AFTER_A_PARKED_ONE = "an earlier event of this stream is parked"


class Kept(NamedTuple):
    """A row as its store has it, and the position of the event that made it so."""

    position: int
    row: Any
    """None for a row that is gone or never was."""


_as_kept = partial(tuple.__new__, Kept)
"""A named tuple's own constructor is a Python function and takes twice as long."""
NEVER_WAS = Kept(NOWHERE, None)


class Parked(NamedTuple):
    """An event that could not be folded, or comes after one in its stream."""

    position: int
    stream: str
    error: str


class Folded(NamedTuple):
    changed: dict[str, Kept]
    parked: list[Parked]


def first_of_each(parked: Iterable[Parked]) -> dict[str, int]:
    """Streams of which an event is parked, and the position of the first."""
    first: dict[str, int] = {}
    for position, stream, _ in parked:
        first[stream] = min(position, first.get(stream, NEVER))
    return first


def concerned(tables: Iterable[Table], events: Sequence[Recorded]) -> list[Table]:
    """Those that have anything to do with the events."""
    kinds = {type(recorded.event) for recorded in events}
    return [table for table in tables if Unreadable in kinds or not kinds.isdisjoint(table.folds)]


def of_concern(table: Table, events: Sequence[Recorded]) -> list[Recorded]:
    """Those that the table folds, or that keep it from folding others."""
    folds = table.folds
    return [recorded for recorded in events if type(recorded.event) in folds or _stops(table, recorded)]


def keys_of(table: Table, events: Sequence[Recorded]) -> set[str]:
    """Of all rows that the events concern."""
    folds, keys = table.folds, table.keys
    wanted: set[str] = set()
    left = (recorded for recorded in events if type(recorded.event) in folds)
    while True:
        with contextlib.suppress(Exception):  # it fails again where that can be recorded
            for recorded in left:
                wanted.update(keys(recorded))
            return wanted


def fold_events(
    table: Table,
    events: Sequence[Recorded],
    kept: Callable[[str], Kept | None],
    broken: dict[str, int],
    passed: Callable[[str, Kept, Kept], None] | None = None,
) -> Folded:
    """What becomes of the rows. ``kept`` gives a row as it was; what it raises parks the event that needs the row.

    Events that a row has taken in already are passed over, so they may be delivered again. ``broken`` are the streams
    that stand still and the position of the parked event with which each began to; new ones are added to it. ``passed``
    hears of every step of a row, from what to what, and parks the event too if it raises.
    """
    changed: dict[str, Kept] = {}
    parked: list[Parked] = []
    folds, keys_of_event, parts_of = table.folds, table.keys, table.parts
    for recorded in events:
        kind = type(recorded.event)
        fold = folds.get(kind)
        if fold is None and (kind is not Unreadable or not _stops(table, recorded)):
            continue
        position = recorded.position
        first = broken.get(recorded.stream, NEVER) if broken else NEVER
        if position >= first:
            if position > first:  # or another table has parked it
                parked.append(Parked(position, recorded.stream, AFTER_A_PARKED_ONE))
            continue
        try:
            if fold is None:
                raise ValueError(f"cannot be read: {recorded.event.why}")
            parts = None if parts_of is None else parts_of(recorded)
            for key in keys_of_event(recorded) if parts is None else parts:
                before = changed.get(key) or kept(key) or NEVER_WAS
                if before.position < position:
                    row = fold(before.row, recorded) if parts is None else fold(before.row, recorded, parts[key])
                    after = _as_kept((position, row))
                    if passed is not None:
                        passed(key, before, after)
                    changed[key] = after
        except Exception as error:
            parked.append(Parked(recorded.position, recorded.stream, repr(error)))
            broken[recorded.stream] = recorded.position
    return Folded(changed, parked)


def _stops(table: Table, recorded: Recorded) -> bool:
    """Whether it is an event of one of its streams that nobody can read, unless its name says that it is none of
    those that the table folds."""
    if type(recorded.event) is not Unreadable or recorded.stream[:3] not in table.prefixes:
        return False
    name = recorded.event.topic.partition("@")[0]
    return name not in EVENTS or name in table.names
