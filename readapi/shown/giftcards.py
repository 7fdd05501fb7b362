"""Gift cards as clients see them, and the shapes of those answers for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from domain.money import Money
from domain.payments.giftcard import GiftCard, status
from readapi.instants import instant
from readapi.shapes.shape import Listed, MoneyOut, Shape

ID = Field(examples=["gft_4ZC3S9NB8XE2V5W6Y7T8R9Q0PA"])


class GiftCardBalance(Shape):
    gift_card_id: str = ID
    value: MoneyOut = Field(description="what it was issued with")
    balance: MoneyOut = Field(description="what it can pay for now")
    reserved: MoneyOut = Field(description="set aside for orders that are under way")
    status: Literal["active", "expired", "disabled"] = Field(examples=["active"])
    expires_at: datetime | None = Field(description="the first instant at which it pays for nothing more")
    shop_id: str | None = Field(description="whose goods alone it pays for; null: everybody's")


class GiftCardOut(GiftCardBalance):
    created_at: datetime
    updated_at: datetime
    version: int = Field(examples=[1])


class GiftCardList(Listed):
    items: list[GiftCardOut]


class GiftCardReply(GiftCardBalance):
    version: int = Field(description="of the card; also its entity tag", examples=[1])
    position: str = Field(description="opaque; pass it on as Kontor-Min-Position to read this write", examples=["4711"])


class GiftCardIssuedReply(GiftCardReply):
    code: str = Field(
        description="what its holder types in; told to nobody else and shown nowhere again",
        examples=["K7Q4-M0ZX-A2B4-R9S1"],
    )


def gift_card_json(gift_card_id: str, card: GiftCard, at: int) -> dict[str, Any]:
    def money(amount: int) -> Money:
        return Money(amount, card.value.currency)

    return {
        "giftCardId": gift_card_id,
        "value": card.value,
        "balance": money(card.balance),
        "reserved": money(card.reserved),
        "status": status(card, at),
        "expiresAt": instant(card.expires_at) if card.expires_at else None,
        "shopId": card.shop_id or None,
    }
