"""Orders that a person is to look at, or has looked at."""

from __future__ import annotations

from msgspec.structs import replace

from domain.money import Money
from domain.orders.order import OrderCancelled
from domain.orders.orderreview import ReviewApproved, ReviewBegun, ReviewRejected
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class ReviewRow(ViewRow, frozen=True):
    """``status``: open, approved, rejected, or cancelled by somebody before anybody had looked at it."""

    account_id: str
    amount: Money
    reasons: tuple[str, ...]
    since: int
    until: int
    updated_at: int
    version: int
    status: str = "open"
    decided_at: int = 0
    by: str = ""
    note: bytes = b""


def begun(row: ReviewRow | None, recorded: Recorded) -> ReviewRow:
    of: ReviewBegun = recorded.event
    return ReviewRow(of.account_id, of.amount, of.reasons, of.at, of.until, recorded.meta.occurred_at, recorded.version)


def approved(row: ReviewRow | None, recorded: Recorded) -> ReviewRow | None:
    return _decided(row, recorded, "approved")


def rejected(row: ReviewRow | None, recorded: Recorded) -> ReviewRow | None:
    return _decided(row, recorded, "rejected")


def cancelled(row: ReviewRow | None, recorded: Recorded) -> ReviewRow | None:
    """Whatever was decided stays decided, and most orders were never under review."""
    if row is None or row.status != "open":
        return row
    at = recorded.meta.occurred_at
    return replace(row, status="cancelled", decided_at=at, updated_at=at, version=recorded.version)


def _decided(row: ReviewRow | None, recorded: Recorded, status: str) -> ReviewRow | None:
    if row is None:
        return None
    verdict: ReviewApproved | ReviewRejected = recorded.event
    return replace(
        row,
        status=status,
        decided_at=verdict.at,
        by=verdict.by,
        note=verdict.note,
        updated_at=recorded.meta.occurred_at,
        version=recorded.version,
    )


REVIEW_ROWS = Table(
    name="order_reviews",
    row=ReviewRow,
    folds={ReviewBegun: begun, ReviewApproved: approved, ReviewRejected: rejected, OrderCancelled: cancelled},
    indexes={
        "status": Index(lambda key, row: "open" if row.status == "open" else "decided", lambda key, row: row.since)
    },
)
ORDER_REVIEWS = Projection("order_reviews", 1, (REVIEW_ROWS,))
