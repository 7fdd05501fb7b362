"""What all shapes of answers have in common; they are for the OpenAPI document alone."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class MoneyOut(Shape):
    """Minor units: 1999 with USD is $19.99."""

    amount: int = Field(examples=[1999])
    currency: str = Field(examples=["USD"])


class Stamped(Shape):
    """A part of something, whose version it goes by."""

    created_at: datetime
    updated_at: datetime


class Versioned(Stamped):
    version: int = Field(description="of the resource's own history; its entity tag", examples=[1])


class Listed(Shape):
    next: str | None = Field(description="cursor of the next page")
    prev: str | None = Field(description="cursor of the page before")


POSITION = Field(description="opaque; pass it on as Kontor-Min-Position to read this write", examples=["4711"])


STATUS = Literal["PENDING", "PAID", "PACKED", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED"]
