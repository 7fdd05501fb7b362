"""A review as everybody sees it: nobody's name, and no words once their author was erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from commands.vault import Vault
from projections.reviews.projector import ReviewRow
from readapi.instants import instant
from readapi.shapes.shape import POSITION, Listed, Shape


def review_json(row: ReviewRow, vault: Vault) -> dict[str, Any]:
    words = (vault.open(row.account_id, row.words) if row.words else None) or {}
    return {
        "rating": row.rating,
        "title": words.get("title"),
        "text": words.get("text"),
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
    }


# for the OpenAPI document alone


class ReviewOut(Shape):
    rating: int = Field(description="1 to 5", examples=[4])
    title: str | None = Field(description="plain text, to be escaped; null once its author was erased")
    text: str | None = Field(description="plain text, to be escaped; null once its author was erased")
    created_at: datetime
    updated_at: datetime


class ReviewList(Listed):
    items: list[ReviewOut]


class ReviewReply(Shape):
    product_id: str = Field(examples=["prd_01KARQ0000ABCDEFGHJKMNPQRS"])
    rating: int = Field(examples=[4])
    position: str = POSITION
