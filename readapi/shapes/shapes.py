"""Shapes of accounts, carts, quotes and orders, for the OpenAPI document alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from readapi.shapes.disputeshapes import OrderDispute
from readapi.shapes.models import MoneyOut, Shape, Versioned
from readapi.shapes.shape import Stamped

POSITION = Field(description="opaque; pass it on as Kontor-Min-Position to read this write", examples=["4711"])
STATUS = Literal["PENDING", "PAID", "PACKED", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED"]


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
    name: str | None = Field(examples=["Ada Lovelace"])
    scopes: list[str] = Field(examples=[["customer"]])
    notifications: NotificationsOut
    addresses: list[AddressOut]
    payment_methods: list[PaymentMethodOut]


class SessionOut(Shape):
    session_id: str = Field(examples=["fam_0123456789abcdef01234567"])
    signed_in_at: datetime
    last_used_at: datetime = Field(description="when it last got new tokens, which one in use does every 15 minutes")
    current: bool = Field(description="whether it is the one that asks")


class SessionsOut(Shape):
    items: list[SessionOut] = Field(description="the last used first, at most 100")


class LineAvailability(Shape):
    in_stock: bool
    low_stock: bool
    available: int = Field(description="units, at most 100 are told", examples=[12])


class CartWarning(Shape):
    code: str = Field(description="stable; for programs", examples=["price_changed"])
    message: str = Field(examples=["the price rose since you added it"])


class CartLineOut(Shape):
    item_id: str = Field(examples=["lin_01KARQ0000ABCDEFGHJKMNPQRS"])
    sku: str = Field(examples=["BED-160"])
    product_id: str
    shop_id: str
    title: str = Field(examples=["Oak bed"])
    quantity: int = Field(examples=[1])
    unit_price: MoneyOut = Field(description="today")
    price_at_adding: MoneyOut
    availability: LineAvailability
    warnings: list[CartWarning]
    total: MoneyOut


class CartTotals(Shape):
    items: MoneyOut
    quantity: int


class CartOut(Versioned):
    cart_id: str | None = Field(examples=["crt_01KARQ0000ABCDEFGHJKMNPQRS"])
    lines: list[CartLineOut]
    totals: CartTotals
    coupons: list[str] = Field(description="codes; the quote tells what each is good for", examples=[["SPRING"]])
    position: str = POSITION
    cart_token: str | None = Field(None, description="of an anonymous cart; send it as Cart-Token")


class OrderLineOut(Shape):
    line_id: str
    shop_id: str
    sku: str = Field(examples=["BED-160"])
    product_id: str
    title: str = Field(examples=["Oak bed"])
    quantity: int = Field(examples=[1])
    unit_price: MoneyOut
    discount: MoneyOut
    tax: MoneyOut
    total: MoneyOut = Field(description="what the buyer pays for the line, with tax")


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


class TotalsOut(Shape):
    items: MoneyOut
    discount: MoneyOut
    shipping: MoneyOut
    tax: MoneyOut
    grand: MoneyOut


class MethodOut(Shape):
    id: str = Field(examples=["standard"])
    name: str = Field(examples=["Standard"])
    amount: MoneyOut
    days_min: int
    days_max: int


class AppliedPromotionOut(Shape):
    promotion_id: str = Field(examples=["prm_01KARQ0000ABCDEFGHJKMNPQRS"])
    name: str = Field(examples=["Spring sale"])
    amount: MoneyOut = Field(description="taken off goods and shipping together")
    code: str = Field(description="of the coupon; empty when it applies by itself", examples=["SPRING"])
    shop_id: str = Field(description="the seller who pays for it; empty when the marketplace does")
    counted: bool = Field(description="whether it can be used so often only")


class UnusedCoupon(Shape):
    code: str = Field(examples=["SPRING"])
    reason: Literal["unknown", "not_started", "over", "used_up", "not_met"]


class GiftCardShare(Shape):
    gift_card_id: str = Field(examples=["gft_4ZC3S9NB8XE2V5W6Y7T8R9Q0PA"])
    amount: MoneyOut = Field(description="what the card pays")


class QuotedGiftCard(GiftCardShare):
    balance: MoneyOut = Field(description="what is on it now")


class UndeliverableOut(Shape):
    line_id: str
    code: Literal["not_shipped", "restricted"] = Field(
        description="its seller does not ship there; it may not be sold there by anybody"
    )
    why: str = Field(examples=["it may not be sold there: TB 117"])


class QuoteOut(Shape):
    cart_id: str
    lines: list[OrderLineOut]
    methods: list[MethodOut]
    method: str = Field(examples=["standard"])
    totals: TotalsOut
    tax_inclusive: bool = Field(description="whether tax is contained in the other totals")
    unserviceable: list[str] = Field(description="lines that cannot go there; an order of them comes to nothing")
    undeliverable: list[UndeliverableOut] = Field(description="why each of them cannot")
    promotions: list[AppliedPromotionOut]
    coupons: list[UnusedCoupon] = Field(description="those in the cart that take nothing off, and why")
    gift_card: QuotedGiftCard | None
    due: MoneyOut = Field(description="what is left for the payment method")
    derivation: list[dict[str, Any]] = Field(description="how each amount came about, step by step")


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
