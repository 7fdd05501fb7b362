"""Folding a batch of events into the rows of a table: pure, whatever store the rows come from and go to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from domain.recorded import Recorded
from projections.projector import Table

NOWHERE = -1
AFTER_A_PARKED_ONE = "an earlier event of this stream is parked"


class Kept(NamedTuple):
    """A row as its store has it, and the position of the event that made it so."""

    position: int
    row: Any
    """None for a row that is gone or never was."""


class Parked(NamedTuple):
    """An event that could not be folded, or comes after one in its stream."""

    position: int
    stream: str
    error: str


class Folded(NamedTuple):
    changed: dict[str, Kept]
    parked: list[Parked]


def keys_of(table: Table, events: Sequence[Recorded]) -> set[str]:
    """Of all rows that the events concern."""
    wanted: set[str] = set()
    for recorded in events:
        if type(recorded.event) in table.folds:
            with contextlib.suppress(Exception):  # it fails again where that can be recorded
                wanted.update(table.keys(recorded))
    return wanted


def fold_events(
    table: Table,
    events: Sequence[Recorded],
    kept: Callable[[str], Kept | None],
    broken: set[str],
    passed: Callable[[str, Kept, Kept], None] | None = None,
) -> Folded:
    """What becomes of the rows. ``kept`` gives a row as it was; what it raises parks the event that needs the row.

    Events that a row has taken in already are passed over, so they may be delivered again. ``broken`` are streams of
    which an event is parked; newly parked ones are added to it. ``passed`` hears of every step of a row, from what to
    what, and parks the event too if it raises.
    """
    changed: dict[str, Kept] = {}
    parked: list[Parked] = []
    for recorded in events:
        fold = table.folds.get(type(recorded.event))
        if fold is None:
            continue
        if recorded.stream in broken:
            parked.append(Parked(recorded.position, recorded.stream, AFTER_A_PARKED_ONE))
            continue
        try:
            for key in table.keys(recorded):
                before = changed.get(key) or kept(key) or Kept(NOWHERE, None)
                if before.position < recorded.position:
                    after = Kept(recorded.position, fold(before.row, recorded))
                    if passed is not None:
                        passed(key, before, after)
                    changed[key] = after
        except Exception as error:
            parked.append(Parked(recorded.position, recorded.stream, repr(error)))
            broken.add(recorded.stream)
    return Folded(changed, parked)
