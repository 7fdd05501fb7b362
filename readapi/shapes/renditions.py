"""Shapes of smaller ones of a picture."""

from __future__ import annotations

from pydantic import Field

from readapi.shapes.shape import Shape


class RenditionOut(Shape):
    width: int = Field(description="pixels", examples=[320])
    height: int = Field(examples=[240])
    url: str = Field(
        examples=["/api/media/prd_01KARQ0000ABCDEFGHJKMNPQRS/pic_01KARQ0000ABCDEFGHJKMNPQRS.9f86d081884c7d65.320.webp"]
    )


RENDITIONS = Field(description="the same picture smaller, in WebP, the smallest first; empty where there are none")
IMAGE_RENDITIONS: list[RenditionOut] = Field(
    default=[], description="`image` smaller, in WebP, the smallest first; left out where there are none"
)
WIDTH = Field(description="pixels, as it is shown; null where that is not known", examples=[3000])
HEIGHT = Field(examples=[2250])
