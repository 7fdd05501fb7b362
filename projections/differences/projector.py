"""Differences between the log and the payment provider, for whoever settles them."""

from __future__ import annotations

from typing import Any

from domain.books.difference import DIFFERENCE, KnownDifference
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class DifferenceRow(ViewRow, frozen=True):
    difference: KnownDifference
    created_at: int
    updated_at: int
    version: int


def fold(row: DifferenceRow | None, recorded: Recorded) -> DifferenceRow:
    at = recorded.meta.occurred_at
    state: Any = DIFFERENCE.evolve(row.difference if row else DIFFERENCE.initial, recorded.event)
    return DifferenceRow(state, row.created_at if row else at, at, recorded.version)


DIFFERENCE_ROWS = Table(
    name="differences",
    row=DifferenceRow,
    folds=dict.fromkeys(DIFFERENCE.evolutions, fold),
    indexes={"status": Index(lambda key, row: row.difference.status, lambda key, row: row.difference.found_at)},
)
DIFFERENCES = Projection("differences", 1, (DIFFERENCE_ROWS,))
