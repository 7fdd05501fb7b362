"""Where rows stand in lists, and which of these spots a batch of events takes and leaves.

A row may pass through a list within one batch. Its spot there is left nevertheless, with the position of the event
that moved it on: a late worker whose batch ended in between may yet write that it was taken, and must find it left.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from projections.cassandraviews.months import month_of
from projections.folding import Kept
from projections.projector import Table


class Spot(NamedTuple):
    """An entry of a list, by its whole primary key."""

    of: str
    """The index."""
    owner: str
    month: int
    """0 in an index without an order: its list is one partition."""
    order: int
    key: str


class Change(NamedTuple):
    position: int
    taken: bool
    """Or left."""


def spots_of(table: Table, key: str, row: Any | None) -> frozenset[Spot]:
    """None stands nowhere."""
    if row is None:
        return frozenset()
    found = []
    for name, index in table.indexes.items():
        owner = index.owner(key, row)
        if owner is not None:
            order = 0 if index.order is None else index.order(key, row)
            found.append(Spot(name, owner, 0 if index.order is None else month_of(order), order, key))
    return frozenset(found)


class Moves:
    """Hears of every step of a table's rows. Of each spot only the last change matters: its position is the highest."""

    def __init__(self, table: Table) -> None:
        self.changes: dict[Spot, Change] = {}
        self._table = table
        self._now: dict[str, frozenset[Spot]] = {}

    def passed(self, key: str, before: Kept, after: Kept) -> None:
        left = self._now.get(key)
        if left is None:
            left = spots_of(self._table, key, before.row)
        taken = spots_of(self._table, key, after.row)
        if left != taken:
            self.changes.update((spot, Change(after.position, False)) for spot in left - taken)
            self.changes.update((spot, Change(after.position, True)) for spot in taken - left)
        self._now[key] = taken
