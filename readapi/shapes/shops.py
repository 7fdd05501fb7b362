"""Shapes of shops, and of what they see of their orders and their stock."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from readapi.shapes.aftersale import RefundLineOut
from readapi.shapes.described import OfferTermsOut
from readapi.shapes.disputes import OrderDispute
from readapi.shapes.shape import Listed, MoneyOut, Shape, Versioned


class SellerRatingOut(Shape):
    """As it is shown: to one decimal, and of more than a hundred ratings to two digits how many."""

    average: float = Field(examples=[4.6])
    count: int = Field(examples=[120])


class SellerRatingReply(Shape):
    shop_id: str = Field(examples=["shp_01KARQ0000ABCDEFGHJKMNPQRS"])
    rating: int = Field(examples=[5])
    position: str = Field(examples=["42"])


class ShopOut(Versioned):
    """The last three are told to the owner and to administrators only."""

    shop_id: str
    name: str
    country: str
    currency: str
    owner_id: str | None = None
    offers: int | None = Field(None, description="how many SKUs it sells")
    stock_items: int | None = Field(None, description="how many SKUs it keeps stock of")


class ShopOrderLine(Shape):
    line_id: str
    shop_id: str
    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: MoneyOut
    discount: MoneyOut
    tax: MoneyOut
    total: MoneyOut


class ShopRefund(Shape):
    """This shop's part of a refund."""

    refund_id: str = Field(examples=["rfd_01KARQ0000ABCDEFGHJKMNPQRS"])
    status: Literal["PENDING", "REFUNDED", "REFUSED"]
    amount: MoneyOut = Field(
        description="of its lines and parcels; where none are named, its part by what the buyer paid for its goods"
    )
    reason: str = Field(examples=["damaged"])
    lines: list[RefundLineOut]
    shipping: MoneyOut | None
    cause: str | None = Field(description="the cancellation or return that it follows from")
    refusal: str | None = Field(description="why the provider refused it")
    created_at: datetime
    updated_at: datetime | None


class ShopOrder(Versioned):
    order_id: str
    status: str
    lines: list[ShopOrderLine] = Field(description="this shop's lines only")
    total: MoneyOut = Field(description="of these lines")
    to_pack: list[dict[str, Any]] = Field(
        description="units by line that may be packed now and are in no parcel yet",
        examples=[[{"lineId": "lin_01KARQ0000ABCDEFGHJKMNPQRS", "quantity": 1}]],
    )
    shipments: list[dict[str, Any]] = Field(description="of this shop's lines; as in an order")
    cancelled: list[dict[str, Any]] = Field(description="units that are not to be sent, while others are")
    returns: list[dict[str, Any]] = Field(description="of this shop's lines; as in an order")
    refunds: list[ShopRefund] = Field(description="as far as they are of this shop's lines and parcels")
    disputes: list[OrderDispute] = Field(
        description="the amount is this shop's part, by what the buyer paid for its goods and had not got back by then"
    )
    destination: dict[str, Any] = Field(examples=[{"country": "US", "region": "NY"}])
    address: dict[str, Any] | None = Field(
        description="of the buyer, as in an order, while this shop has something to pack or to deliver; null otherwise"
    )


class ShopOrderList(Listed):
    items: list[ShopOrder]


class InventoryRow(Shape):
    sku: str
    on_hand: int
    committed: int
    held: int = Field(description="in carts and checkouts, until they expire")
    available: int = Field(description="onHand - committed - held; negative while a backorder is open")
    version: int


class InventoryList(Listed):
    items: list[InventoryRow]


class StockOfOffer(Shape):
    """As in the inventory; all nothing where the shop never had any."""

    on_hand: int
    committed: int
    held: int
    available: int


class ShopOffer(OfferTermsOut):
    title: str | None = Field(description="of the product, in its own language", examples=["Oak bed"])
    product_status: Literal["published", "draft", "discontinued"] | None
    stock: StockOfOffer


class ShopOfferList(Listed):
    items: list[ShopOffer]


class ShopDraft(Versioned):
    product_id: str = Field(examples=["prd_01KARQ0000ABCDEFGHJKMNPQRS"])
    title: str = Field(examples=["Oak bed"])
    brand: str | None
    category: list[str] = Field(examples=[["Furniture", "Beds"]])
    skus: list[str] = Field(examples=[["BED-160"]])


class ShopDraftList(Listed):
    items: list[ShopDraft]
