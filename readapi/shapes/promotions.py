"""Shapes of promotions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from readapi.shapes.shape import Listed, MoneyOut, Versioned


class PromotionOut(Versioned):
    """As it was put; what does not restrict it is empty."""

    promotion_id: str = Field(examples=["prm_01KARQ0000ABCDEFGHJKMNPQRS"])
    name: str = Field(examples=["Spring sale"])
    benefit: dict[str, Any] = Field(examples=[{"kind": "percent", "percent": 10}])
    shop_id: str | None
    categories: list[list[str]]
    skus: list[str]
    code: str | None = Field(examples=["SPRING"])
    min_spend: MoneyOut | None
    min_units: int
    countries: list[str]
    group: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    priority: int
    exclusive: bool
    limit: int | None
    limit_per_account: int | None
    ended: bool


class PromotionList(Listed):
    items: list[PromotionOut]
