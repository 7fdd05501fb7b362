"""Shapes of orders and their timelines."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from readapi.shapes.aftersale import CancellationOut, RefundOut, ReturnOut, ShipmentOut
from readapi.shapes.disputes import OrderDispute
from readapi.shapes.quotes import AppliedPromotionOut, GiftCardShare, OrderLineOut, TotalsOut, UndeliverableOut
from readapi.shapes.shape import POSITION, STATUS, MoneyOut, Shape, Versioned


class OwnLineOut(OrderLineOut):
    rating: int | None = Field(
        None,
        description="what the buyer gave this product, 1 to 5; null while that is nothing or the order is not paid, "
        "for anybody else, and of an order as it stood once; not in replies to commands",
        examples=[4],
    )
    shop_rating: int | None = Field(
        None, description="what the buyer gave the line's seller; told as `rating` is", examples=[5]
    )


class PaymentOut(Shape):
    payment_id: str = Field(examples=["pay_01KARQ0000ABCDEFGHJKMNPQRS"])
    status: Literal[
        "none",
        "authorizing",
        "authorized",
        "declined",
        "capturing",
        "partially_captured",
        "captured",
        "voiding",
        "voided",
        "refunding",
        "partially_refunded",
        "refunded",
    ] = Field(examples=["captured"])
    authorized_until: str | None = Field(
        None,
        description="when the provider lets go what it has set aside: what is not packed by then is called off",
        examples=["2026-07-08T12:00:00.000Z"],
    )
    created_at: datetime | None = Field(
        description="null where the provider was asked for nothing, and in orders that commands answer with; so are"
        " `updatedAt` and `version`"
    )
    updated_at: datetime | None
    version: int | None = Field(examples=[4])


class CheckoutOut(Shape):
    state: Literal[
        "CART_VALIDATED",
        "INVENTORY_RESERVED",
        "PAYMENT_AUTHORIZED",
        "ORDER_CREATED",
        "PAYMENT_CAPTURED",
        "COMPENSATED",
    ] = Field(examples=["PAYMENT_CAPTURED"])
    reason: str | None = Field(None, description="why it was compensated", examples=["out_of_stock"])
    note: str | None = Field(None, description="what was said when it was called off; nothing once erased")


class OrderOut(Versioned):
    order_id: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    status: STATUS = Field(examples=["PAID"])
    cart_id: str
    lines: list[OwnLineOut]
    totals: TotalsOut
    shipping_method: str = Field(examples=["standard"])
    tax_inclusive: bool
    promotions: list[AppliedPromotionOut]
    undeliverable: list[UndeliverableOut] = Field(description="why it is `not_serviceable`, line by line")
    gift_card: GiftCardShare | None
    due: MoneyOut = Field(description="what no gift card pays; if that is nothing, there is no payment")
    captured: MoneyOut = Field(description="what the payment has taken so far, whatever was given back of it")
    payment: PaymentOut
    shipments: list[ShipmentOut]
    cancellations: list[CancellationOut] = Field(description="of some units; CANCELLED is the whole order")
    returns: list[ReturnOut]
    refunds: list[RefundOut]
    disputes: list[OrderDispute] = Field(description="what the buyer asked his bank to give back")
    checkout: CheckoutOut
    address: dict[str, str | None] | None = Field(None, description="not in replies to commands; null once erased")
    position: str = POSITION


class OrderList(Shape):
    items: list[OrderOut]
    next: str | None
    prev: str | None


class TimelineEntry(Shape):
    position: str
    event_id: str
    type: str = Field(examples=["order.placed"])
    at: datetime
    recorded_at: datetime
    actor: str
    text: str = Field(examples=["Order placed: 2 items for 61.91 USD"])
    data: dict[str, Any]


class Timeline(Shape):
    items: list[TimelineEntry]
    next: str | None
    prev: str | None
