"""Shapes of what merchants and administrators say of products and offers, for the OpenAPI document alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from readapi.shapes.shape import MoneyOut, Shape, Versioned


class MeasureOut(Shape):
    """In the unit that its category asks for."""

    value: float = Field(examples=[43.18])
    unit: str = Field(examples=["cm"])
    given: str | None = Field(None, description="as it was written, where that was another way", examples=["17 in"])


AttributeOut = str | int | float | bool | MeasureOut | list[str | int | float | bool]


class AxisOut(Shape):
    """An attribute by which the variants differ."""

    name: str = Field(examples=["colour"])
    values: list[AttributeOut] = Field(examples=[["black", "red"]])


class Described(Versioned):
    product_id: str
    title: str
    description: str
    language: str = Field(description="of title, description and labels", examples=["en"])
    languages: list[str] = Field(description="those that it can be told in", examples=[["de", "en"]])
    labels: dict[str, str] = Field(description="what attributes are called, by their names", examples=[{}])
    brand: str | None
    category: list[str]
    attributes: dict[str, AttributeOut]
    media: list[str]
    skus: list[str]
    axes: list[AxisOut] = Field(description="what a shopper chooses among the variants by")
    status: Literal["draft", "published", "discontinued"]
    discontinued: bool = Field(description="still readable, but in no list and on sale nowhere")


class PastVariant(Shape):
    sku: str
    attributes: dict[str, AttributeOut]


class PastProduct(Described):
    """What was said of it then; what its sellers asked for it, their offers tell."""

    variants: list[PastVariant]


class ScheduledPriceOut(Shape):
    price: MoneyOut
    starts_at: datetime | None
    ends_at: datetime | None
    group: str | None = Field(description="the customer group that it is for; null for everybody")
    name: str | None = Field(examples=["Black Friday"])


class OfferTermsOut(Versioned):
    """All that its seller has settled."""

    offer_id: str
    shop_id: str
    sku: str = Field(examples=["BED-160"])
    product_id: str
    price: MoneyOut
    list_price: MoneyOut | None
    ships_to: list[str]
    hold_policy: Literal["checkout", "cart"]
    limit_per_account: int | None
    backorder: bool
    prices: list[ScheduledPriceOut]


class KeptCategory(Shape):
    """What a category that administrators keep asks of its products, by itself and with those above it."""

    version: int
    titles: dict[str, str] = Field(description="display names by language", examples=[{"de": "Betten"}])
    attribute_schema: dict[str, Any] = Field(alias="schema", description="JSON Schema 2020-12, its own part")
    effective_schema: dict[str, Any] = Field(description="with what it inherits; products are held to this one")
