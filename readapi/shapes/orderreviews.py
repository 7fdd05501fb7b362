"""What the routes of reviews answer with."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from readapi.shapes.shape import Listed, MoneyOut, Shape, Versioned

OrderId = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])


class OrderReviewOut(Versioned):
    order_id: str = OrderId
    account_id: str
    status: Literal["open", "approved", "rejected", "cancelled"] = Field(
        description="cancelled when the order was called off before anybody had looked at it"
    )
    amount: MoneyOut
    reasons: list[Literal["amount", "country"]] = Field(description="more than is let through, or where it goes")
    since: datetime
    until: datetime = Field(description="rejected by itself when nobody has decided by then")
    decided_at: datetime | None
    by: str | None = Field(description="the account that decided; none for what went by itself")
    note: str | None = Field(description="null once the buyer is erased")


class OrderReviewList(Listed):
    items: list[OrderReviewOut]


class OrderReviewReply(Shape):
    order_id: str = OrderId
    status: Literal["approved", "rejected"]
    order_status: str = Field(examples=["PENDING"])
    version: int
    position: str
