"""What the routes of disputes answer with, and how an order shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from domain.payments.payment import Payment, PaymentState
from readapi.instants import instant
from readapi.shapes.shape import Listed, MoneyOut, Shape, Versioned

DisputeId = Field(description="the provider's", examples=["dp_1Pgc71B7WZ01zgkWMevJiAUx"])
Reason = Field(description="in the provider's words", examples=["fraudulent"])
EvidenceBy = Field(description="until when the provider hears evidence; null if it names no day")


class OrderDispute(Shape):
    """While it is OPEN the bank decides; once it is LOST the buyer has the money."""

    dispute_id: str = DisputeId
    status: Literal["OPEN", "WON", "LOST"]
    amount: MoneyOut
    reason: str = Reason
    evidence_by: datetime | None = EvidenceBy
    opened_at: datetime
    closed_at: datetime | None


class DisputeOut(Versioned):
    dispute_id: str = DisputeId
    order_id: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    payment_id: str = Field(examples=["pay_01KARQ0000ABCDEFGHJKMNPQRS"])
    status: Literal["open", "won", "lost"]
    amount: MoneyOut
    reason: str = Reason
    evidence_by: datetime | None = EvidenceBy
    opened_at: datetime
    closed_at: datetime | None


class DisputeList(Listed):
    items: list[DisputeOut]


def disputes_json(paid: PaymentState | None) -> list[dict[str, Any]]:
    """Of an order's payment, the oldest first."""
    if not isinstance(paid, Payment):
        return []
    return [
        {
            "disputeId": dispute_id,
            "status": one.status.upper(),
            "amount": one.amount,
            "reason": one.reason,
            "evidenceBy": instant(one.evidence_by) if one.evidence_by else None,
            "openedAt": instant(one.opened_at),
            "closedAt": instant(one.closed_at) if one.closed_at else None,
        }
        for dispute_id, one in paid.disputes.items()
    ]
