"""Shapes of what searches answer: lists with their facets, reasons and suggestions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from readapi.shapes.products import ProductCard
from readapi.shapes.shape import Listed, Shape


class BucketOut(Shape):
    value: str
    count: int


class SellerBucketOut(BucketOut):
    value: str = Field(description="a shop id", examples=["shp_01KARQ0000ABCDEFGHJKMNPQRS"])
    name: str | None = Field(description="what the shop calls itself; null while that is not known")


class CategoryBucketOut(BucketOut):
    value: str = Field(description="a path", examples=["Furniture/Beds"])
    label: str | None = Field(None, description="the name of its last step in a language that is asked for")


class FacetsOut(Shape):
    """Counts beside a result; a filter narrows every facet but its own."""

    category: list[CategoryBucketOut]
    brand: list[BucketOut]
    price: list[BucketOut] = Field(description="low-high in minor units, the high end not included")
    rating: list[BucketOut]
    availability: list[BucketOut] = Field(description="true: in stock, false: not")
    seller: list[SellerBucketOut]
    attributes: dict[str, list[BucketOut]]
    attribute_labels: dict[str, str] = Field(
        {}, description="what the category calls them in a language that is asked for", examples=[{"width": "Breite"}]
    )


class ReasonOut(Shape):
    part: str = Field(examples=["words"])
    about: str = Field(examples=["oak"])
    score: float = Field(examples=[12.4])
    details: list[ReasonOut] = Field(description="how the part came about; the best of them counts most")


class ExplanationOut(Shape):
    product_id: str
    score: float
    reasons: list[ReasonOut] = Field(description="their scores add up to it")


class ProductList(Listed):
    items: list[ProductCard]
    total: int
    facets: FacetsOut
    suggestion: str | None = Field(description="the text with misspelt words corrected", examples=["oak bed"])
    rescued: Literal["fewer_words", "spelling"] | None = Field(description="how more was found than the text finds")
    explain: list[ExplanationOut] | None = Field(None, description="for administrators who ask for it")


class SuggestionOut(Shape):
    text: str
    kind: Literal["category", "brand", "product", "search"] = Field(description="`search`: what others search for")
    product_id: str | None = Field(description="set for a product")
    label: str = Field(description="the text as it is shown: of a category, its path in the reader's language")


class SuggestionList(Listed):
    items: list[SuggestionOut]
