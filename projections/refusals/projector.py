"""Refunds that came to nothing, for whoever has them tried again."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from domain.money import Money
from domain.payments.payment import PaymentRefunded, RefundRefused, RefundRequested
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow

ASKED, REFUSED, LOST = "asked", "refused", "lost"


class RefusalRow(ViewRow, frozen=True):
    """``status``: asked, while the provider has it, again or for the first time; refused; or lost, when a dispute had
    taken the money before anybody asked. What is paid out has no row."""

    payment_id: str
    refund_id: str
    """As the payment has it."""
    amount: Money
    asked_at: int
    updated_at: int
    version: int
    status: str = ASKED
    reason: str = ""
    """Of the refund; of one that nobody asked for the order has it."""
    refusal: str = ""
    refused_at: int = 0


def refund_requested(row: RefusalRow | None, recorded: Recorded) -> RefusalRow:
    of: RefundRequested = recorded.event
    at, first = recorded.meta.occurred_at, row.asked_at if row is not None else recorded.meta.occurred_at
    return RefusalRow(recorded.stream, of.refund_id, of.amount, first, at, recorded.version, reason=of.reason)


def refund_refused(row: RefusalRow | None, recorded: Recorded) -> RefusalRow | None:
    of: RefundRefused = recorded.event
    at, status = recorded.meta.occurred_at, REFUSED
    if row is None and of.amount is not None:
        row, status = RefusalRow(recorded.stream, of.refund_id, of.amount, at, at, recorded.version), LOST
    if row is None:
        return None
    return replace(row, status=status, refusal=of.reason, refused_at=at, updated_at=at, version=recorded.version)


def key_of(recorded: Recorded) -> Sequence[str]:
    return (f"{recorded.stream}/{recorded.event.refund_id}",)


REFUSAL_ROWS = Table(
    name="refusals",
    row=RefusalRow,
    folds={
        RefundRequested: refund_requested,
        RefundRefused: refund_refused,
        PaymentRefunded: lambda row, recorded: None,
    },
    keys=key_of,
    indexes={
        "status": Index(lambda key, row: None if row.status == ASKED else row.status, lambda key, row: row.refused_at)
    },
)
REFUSALS = Projection("refusals", 1, (REFUSAL_ROWS,))
