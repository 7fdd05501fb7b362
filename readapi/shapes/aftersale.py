"""Shapes of what comes after the sale: parcels, cancellations, returns and refunds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from readapi.shapes.shape import POSITION, STATUS, MoneyOut, Shape


class ParcelLineOut(Shape):
    line_id: str
    quantity: int = Field(examples=[1])


class ShipmentOut(Shape):
    shipment_id: str = Field(examples=["shi_01KARQ0000ABCDEFGHJKMNPQRS"])
    shop_id: str
    status: Literal["PACKED", "SHIPPED", "DELIVERED"]
    lines: list[ParcelLineOut]
    carrier: str | None = Field(examples=["UPS"])
    tracking: str | None = Field(examples=["1Z999AA10123456784"])
    due: MoneyOut | None = Field(description="what it costs, where the money is taken parcel by parcel")
    packed_at: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ShipmentReply(ShipmentOut):
    order_id: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    order_status: STATUS = Field(examples=["SHIPPED"])
    version: int = Field(description="of the order", examples=[4])
    position: str = POSITION


class CancellationOut(Shape):
    cancellation_id: str = Field(examples=["can_01KARQ0000ABCDEFGHJKMNPQRS"])
    lines: list[ParcelLineOut]
    note: str | None = Field(description="what was said of it; null once erased")
    created_at: datetime


class SellersCancellation(Shape):
    """What a seller is answered who cancels lines: nothing of other sellers'."""

    order_id: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    order_status: STATUS = Field(examples=["PAID"])
    lines: list[ParcelLineOut] = Field(description="the shops' own units that are still to be sent")
    version: int = Field(description="of the order", examples=[5])
    position: str = POSITION


class ReturnLineOut(ParcelLineOut):
    reason: str | None = Field(
        description="null once erased, and in orders that commands answer with", examples=["too small"]
    )


class LabelOut(Shape):
    carrier: str = Field(examples=["UPS"])
    tracking: str | None = Field(examples=["1Z999AA10123456784"])


class ReturnOut(Shape):
    return_id: str = Field(examples=["ret_01KARQ0000ABCDEFGHJKMNPQRS"])
    shop_id: str
    status: Literal["REQUESTED", "APPROVED", "REJECTED", "RECEIVED"]
    lines: list[ReturnLineOut]
    label: LabelOut | None = Field(description="to send it back with")
    received: list[ParcelLineOut] = Field(description="what arrived of it")
    restocked: bool | None = Field(description="whether that can be sold again")
    refusal: str | None = Field(
        description="why it was rejected; null once erased, and in orders that commands answer with"
    )
    created_at: datetime
    updated_at: datetime


class ReturnReply(ReturnOut):
    order_id: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    order_status: STATUS = Field(examples=["DELIVERED"])
    version: int = Field(description="of the order", examples=[7])
    position: str = POSITION


class RefundLineOut(Shape):
    line_id: str
    quantity: int = Field(examples=[1])
    amount: MoneyOut = Field(description="what the buyer had paid for these units, with tax and less discounts")
    tax: MoneyOut = Field(description="within it")


class RefundOut(Shape):
    refund_id: str = Field(examples=["rfd_01KARQ0000ABCDEFGHJKMNPQRS"])
    status: Literal["PENDING", "REFUNDED", "REFUSED"] = Field(description="a refused one can be asked for again")
    amount: MoneyOut
    gift_card: MoneyOut | None = Field(description="so much of it goes back to the order's gift card")
    reason: str = Field(examples=["damaged"])
    lines: list[RefundLineOut] = Field(description="what the amount follows from; none when it was named")
    shipping: MoneyOut | None
    cause: str | None = Field(description="the cancellation or return that it follows from")
    refusal: str | None = Field(description="why the provider refused it")
    lost: MoneyOut | None = Field(
        description="so much of a refund that was asked for again the buyer had got by a dispute; the rest is paid out"
    )
    created_at: datetime
    updated_at: datetime | None = Field(
        description="null in orders that commands answer with, and where a command changed nothing"
    )


class RefundReply(RefundOut):
    order_id: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    order_status: STATUS = Field(examples=["DELIVERED"])
    version: int = Field(description="of the order", examples=[5])
    position: str = POSITION
