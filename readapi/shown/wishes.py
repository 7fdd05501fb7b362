"""A wishlist as its owner sees it: what each thing cost when it was wished, what it costs now, and if it can be had."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from domain.money import Money
from projections.wishlists.projector import WishRow
from readapi.instants import instant
from readapi.shapes.renditions import IMAGE_RENDITIONS, RenditionOut
from readapi.shapes.shape import POSITION, Listed, MoneyOut, Stamped
from readapi.shown.languages import Wanted
from readapi.shown.pictures import image_json
from readapi.shown.products import told_to
from streams.indexing.assembly import OnSale, Seller


def wish_json(row: WishRow, one: OnSale | None, wanted: Wanted = ()) -> dict[str, Any]:
    """``one`` is the product as it is on sale; None if there is none any more."""
    offer = seller_of(one, row.sku)
    said = None if one is None else told_to(one, wanted).product.description
    return {
        "sku": row.sku,
        "productId": row.product_id,
        "title": row.sku if said is None else said.title,
        "language": None if said is None else said.language,
        **({"image": None} if one is None else image_json(one)),
        "price": None if offer is None else offer.price,
        "priceAtAdding": row.price,
        "priceChange": price_change(row.price, None if offer is None else offer.price),
        "inStock": offer is not None and offer.in_stock,
        "lowStock": offer is not None and offer.low_stock,
        "discontinued": one is None or not one.product.published,
        **dict.fromkeys(("addedAt", "createdAt", "updatedAt"), instant(row.at)),
    }


def seller_of(one: OnSale | None, sku: str) -> Seller | None:
    """Who sells this SKU best; None while nobody does."""
    return None if one is None else next((seller for seller in one.sellers if seller.sku == sku), None)


def price_change(before: Money | None, now: Money | None) -> str | None:
    """None too where prices cannot be compared."""
    if before is None or now is None or before.currency != now.currency or before.amount == now.amount:
        return None
    return "fell" if now.amount < before.amount else "rose"


# for the OpenAPI document alone


class Wish(Stamped):
    sku: str = Field(examples=["BED-160"])
    product_id: str = Field(examples=["prd_01KARQ0000ABCDEFGHJKMNPQRS"])
    price_at_adding: MoneyOut | None = Field(description="null if nobody offered it then")
    added_at: datetime = Field(description="the same as `createdAt`; what is wished for does not change")


class WishReply(Wish):
    version: int = Field(description="of the wishlist", examples=[1])
    position: str = POSITION


class WishOut(Wish):
    title: str = Field(examples=["Oak bed"])
    language: str | None = Field(description="of the title", examples=["en"])
    image: str | None
    renditions: list[RenditionOut] = IMAGE_RENDITIONS
    price: MoneyOut | None = Field(description="of the best offer now; null while nobody offers it")
    price_change: Literal["fell", "rose"] | None = Field(description="since it was put here")
    in_stock: bool
    low_stock: bool
    discontinued: bool


class WishList(Listed):
    items: list[WishOut]
