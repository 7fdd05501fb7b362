"""Shapes of products as shoppers see them: cards, pages and offers."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from readapi.shapes.described import AttributeOut, Described
from readapi.shapes.renditions import HEIGHT, IMAGE_RENDITIONS, RENDITIONS, WIDTH, RenditionOut
from readapi.shapes.shape import MoneyOut, Shape
from readapi.shapes.shops import SellerRatingOut


class RatingOut(Shape):
    average: float = Field(description="1 to 5, to two decimals", examples=[4.25])
    count: int = Field(description="reviews", examples=[12])


class ProductCard(Shape):
    product_id: str = Field(examples=["prd_01KARQ0000ABCDEFGHJKMNPQRS"])
    sku: str = Field(description="what the best offer sells", examples=["BED-160"])
    skus: list[str]
    title: str = Field(examples=["Oak bed"])
    brand: str | None
    category: list[str] = Field(examples=[["Furniture", "Beds"]])
    image: str | None
    renditions: list[RenditionOut] = IMAGE_RENDITIONS
    price: MoneyOut | None = Field(description="of the best offer; null while nobody sells it")
    offers: int = Field(description="how many")
    rating: RatingOut | None
    in_stock: bool
    low_stock: bool


class OfferOut(Shape):
    offer_id: str
    shop_id: str
    shop_name: str
    seller_rating: SellerRatingOut | None = Field(description="by those to whom it delivered; null while there is none")
    sku: str
    price: MoneyOut
    list_price: MoneyOut | None = Field(description="what it is usually sold for; in a sale the usual price")
    price_name: str | None = Field(description="of a price that holds for a time", examples=["Black Friday"])
    price_ends_at: datetime | None
    ships_to: list[str] = Field(description="ISO 3166 codes, or * for everywhere", examples=[["US", "CA"]])
    limit_per_account: int | None
    backorder: bool
    in_stock: bool
    low_stock: bool
    available: int = Field(description="units, at most 100 are told")
    deliverable: bool = Field(description="whether it goes to where it is said to go; those that do not come last")
    created_at: datetime
    updated_at: datetime
    version: int


class VariantOut(Shape):
    """One of a family, with its own price and availability: of its best offer."""

    sku: str
    attributes: dict[str, AttributeOut]
    price: MoneyOut | None
    offers: int
    in_stock: bool
    low_stock: bool


class Availability(Shape):
    in_stock: bool
    low_stock: bool


class PictureOut(Shape):
    media_id: str | None = Field(
        description="null for one that lies elsewhere", examples=["pic_01KARQ0000ABCDEFGHJKMNPQRS"]
    )
    url: str = Field(examples=["/api/media/prd_01KARQ0000ABCDEFGHJKMNPQRS/pic_01KARQ0000ABCDEFGHJKMNPQRS.jpg"])
    alt: str = Field(description="what it shows, for who cannot see it", examples=["The bed from the front"])
    type: str | None = Field(examples=["image/jpeg"])
    position: int = Field(examples=[0])
    width: int | None = WIDTH
    height: int | None = HEIGHT
    renditions: list[RenditionOut] = RENDITIONS


class ProductPage(Described):
    image: str | None = Field(description="the first picture")
    renditions: list[RenditionOut] = IMAGE_RENDITIONS
    pictures: list[PictureOut] = Field(description="in their order: uploaded ones, then `media`")
    variants: list[VariantOut]
    offers: list[OfferOut] = Field(description="every seller's, the best first")
    best_offer: OfferOut | None
    price: MoneyOut | None
    availability: Availability
    in_stock: bool
    low_stock: bool
    rating: RatingOut | None
