"""Shapes of the category tree and its pages."""

from __future__ import annotations

from pydantic import Field

from readapi.shapes.described import KeptCategory
from readapi.shapes.searches import ProductList
from readapi.shapes.shape import Listed, Shape


class CategoryOut(Shape):
    name: str = Field(examples=["Beds"])
    path: str = Field(examples=["Furniture/Beds"])
    label: str | None = Field(
        None, description="its name in a language that is asked for, where it has one", examples=["Betten"]
    )
    count: int = Field(description="products in it and below")


class CategoryNode(CategoryOut):
    children: list[CategoryNode]


class CategoryTree(Listed):
    items: list[CategoryNode]


class Step(Shape):
    name: str
    path: str
    label: str | None = Field(None, description="its name in a language that is asked for")


class CategoryPage(CategoryOut):
    breadcrumbs: list[Step]
    children: list[CategoryOut]
    kept: KeptCategory | None = Field(description="null for a path that products name and nobody keeps")
    products: ProductList
