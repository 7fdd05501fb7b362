"""Disputes of payments, for whoever answers the bank."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain.money import Money
from domain.payments.dispute import LOST, OPEN, WON
from domain.payments.payment import DisputeLost, DisputeOpened, DisputeWon
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class DisputeRow(ViewRow, frozen=True):
    """``status``: open, won or lost."""

    dispute_id: str
    payment_id: str
    amount: Money
    reason: str
    opened_at: int
    evidence_by: int
    updated_at: int
    version: int
    status: str = OPEN
    closed_at: int = 0


def opened(row: DisputeRow | None, recorded: Recorded) -> DisputeRow:
    of: DisputeOpened = recorded.event
    return DisputeRow(
        of.dispute_id,
        recorded.stream,
        of.amount,
        of.reason,
        of.at,
        of.evidence_by,
        recorded.meta.occurred_at,
        recorded.version,
    )


def won(row: DisputeRow | None, recorded: Recorded) -> DisputeRow | None:
    return _closed(row, recorded, WON)


def lost(row: DisputeRow | None, recorded: Recorded) -> DisputeRow | None:
    return _closed(row, recorded, LOST)


def _closed(row: DisputeRow | None, recorded: Recorded, status: str) -> DisputeRow | None:
    if row is None:
        return None
    at = recorded.meta.occurred_at
    return replace(row, status=status, closed_at=recorded.event.at, updated_at=at, version=recorded.version)


def key_of(recorded: Recorded) -> Sequence[str]:
    """Of the payment and the provider's id, which need not be as unique as it seems."""
    return (f"{recorded.stream}/{recorded.event.dispute_id}",)


DISPUTE_ROWS = Table(
    name="disputes",
    row=DisputeRow,
    folds={DisputeOpened: opened, DisputeWon: won, DisputeLost: lost},
    keys=key_of,
    indexes={
        "status": Index(lambda key, row: OPEN if row.status == OPEN else "closed", lambda key, row: row.opened_at)
    },
)
DISPUTES = Projection("disputes", 1, (DISPUTE_ROWS,))
