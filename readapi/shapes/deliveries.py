"""What is told of deliveries before anything is ordered."""

from __future__ import annotations

from pydantic import Field

from readapi.shapes.quotes import MethodOut
from readapi.shapes.shape import Listed, Shape


class DeliveryOut(Shape):
    offer_id: str = Field(examples=["off_shp_01KARQ0000ABCDEFGHJKMNPQRS.BED-160"])
    shop_id: str = Field(examples=["shp_01KARQ0000ABCDEFGHJKMNPQRS"])
    sku: str = Field(examples=["BED-160"])
    ships_from: str = Field(description="country of the shop", examples=["US"])
    ship_to: str = Field(description="country that was asked about", examples=["US"])
    methods: list[MethodOut] = Field(description="empty where the offer does not go there")


class DeliveryList(Listed):
    items: list[DeliveryOut]
