"""Shapes of the ledger and of what reconciliation found."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from readapi.shapes.shape import Listed, MoneyOut, Shape, Versioned


class DifferenceOut(Versioned):
    difference_id: str = Field(examples=["dif_4ZC3S9NB8XE2V5W6Y7T8R9Q0PA"])
    status: Literal["open", "settled"]
    kind: str = Field(examples=["capture_missing"])
    order_id: str | None
    reference: str | None = Field(description="the provider's id of the charge", examples=["ch_4f2a"])
    ours: MoneyOut = Field(description="what the log says")
    theirs: MoneyOut = Field(description="what the provider says")
    explanation: str = Field(description="what it means and what to do about it")
    note: str | None = Field(description="what a person said of it")
    by: str | None = Field(description="the account that said so; none for what went by itself")
    found_at: datetime
    settled_at: datetime | None


class DifferenceList(Listed):
    items: list[DifferenceOut]


class DifferenceReply(Shape):
    difference_id: str
    status: Literal["open", "settled"]
    version: int
    position: str


class LedgerEntry(Shape):
    """What one movement of money did to a seller's account; less than before is negative."""

    entry_id: str = Field(description="the event that moved the money", examples=["pay_01KARQ0000ABCDEFGHJKMNPQRS/5"])
    order_id: str | None = Field(description="null for a gift card that the shop issues")
    kind: Literal["captured", "refunded", "issued", "redeemed", "dispute_lost", "given", "given_back"]
    goods: MoneyOut = Field(description="without tax, before what the marketplace pays of it")
    shipping: MoneyOut
    fee: MoneyOut = Field(description="the marketplace's commission, taken off")
    gift_card: MoneyOut = Field(description="a gift card that the shop issued and therefore owes, taken off")
    total: MoneyOut
    at: datetime


class ShopLedger(Listed):
    items: list[LedgerEntry]
    due: list[MoneyOut] = Field(description="what the shop is owed in all, by currency")


class LedgerAccount(Versioned):
    account: str = Field(examples=["seller:shp_01KARQ0000ABCDEFGHJKMNPQRS"])
    shop_id: str | None
    debits: MoneyOut
    credits: MoneyOut
    balance: MoneyOut = Field(description="debits less credits")


class LedgerAccountList(Listed):
    items: list[LedgerAccount]
