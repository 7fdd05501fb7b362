"""Erasures: the persons of whom nothing may be left, for whoever sees to it."""

from __future__ import annotations

from domain.buyers.account import AccountErased
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class ErasedRow(ViewRow, frozen=True):
    at: int


def fold(row: ErasedRow | None, recorded: Recorded) -> ErasedRow:
    return row or ErasedRow(recorded.meta.occurred_at)


ERASED_ROWS = Table(
    name="erased_accounts",
    row=ErasedRow,
    folds={AccountErased: fold},
    indexes={"all": Index(lambda key, row: "", lambda key, row: row.at)},
)
ERASURES = Projection("erasures", 1, (ERASED_ROWS,))
