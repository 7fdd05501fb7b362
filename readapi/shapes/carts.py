"""Shapes of carts."""

from __future__ import annotations

from pydantic import Field

from readapi.shapes.shape import POSITION, MoneyOut, Shape, Versioned


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
