"""Shapes of an account and what belongs to it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from readapi.shapes.shape import Shape, Stamped, Versioned


class AddressOut(Stamped):
    address_id: str = Field(examples=["adr_01KARQ0000ABCDEFGHJKMNPQRS"])
    name: str = Field(examples=["Ada Lovelace"])
    line1: str = Field(examples=["12 Market Street"])
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str = Field(examples=["US"])


class PaymentMethodOut(Stamped):
    payment_method_id: str = Field(examples=["pmt_01KARQ0000ABCDEFGHJKMNPQRS"])
    token: str = Field(description="the payment provider's", examples=["pm_card_visa"])


class NotificationsOut(Shape):
    orders: bool = Field(description="whether the person is told of their orders")
    wishes: bool = Field(description="whether the person is told what became of their wishes")


class AccountOut(Versioned):
    user_id: str = Field(examples=["usr_01KARQ0000ABCDEFGHJKMNPQRS"])
    email: str | None = Field(examples=["ada@example.com"])
    email_confirmed: bool = Field(description="whether its owner answered a letter to it; nothing is refused without")
    confirmation_asked_at: datetime | None = Field(
        description="when a letter that asks for that was last asked for; null: never, at this address"
    )
    name: str | None = Field(examples=["Ada Lovelace"])
    scopes: list[str] = Field(examples=[["customer"]])
    notifications: NotificationsOut
    addresses: list[AddressOut]
    payment_methods: list[PaymentMethodOut]


class SecondFactorOut(Shape):
    active: bool = Field(description="whether signing in takes a code")
    since: datetime | None
    recovery_codes_left: int = Field(description="of ten", examples=[10])


class SessionOut(Shape):
    session_id: str = Field(examples=["fam_0123456789abcdef01234567"])
    signed_in_at: datetime
    last_used_at: datetime = Field(description="when it last got new tokens, which one in use does every 15 minutes")
    current: bool = Field(description="whether it is the one that asks")


class SessionsOut(Shape):
    items: list[SessionOut] = Field(description="the last used first, at most 100")
    next: None
    prev: None
