"""Shapes of quotes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from readapi.shapes.shape import MoneyOut, Shape


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
