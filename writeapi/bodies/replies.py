"""Shapes of the replies to commands, for the OpenAPI document alone."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from readapi.edge.openapi import problem_responses

REPLIES: dict[int | str, dict[str, Any]] = problem_responses(
    "unauthenticated", "forbidden", "not_found", "illegal_transition"
)


class CommandReply(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    version: int = Field(description="of the resource; also its entity tag", examples=[1])
    position: str = Field(description="opaque; pass it on as Kontor-Min-Position to read this write", examples=["4711"])


class AccountReply(CommandReply):
    user_id: str = Field(examples=["usr_01KARQ0000ABCDEFGHJKMNPQRS"])


class AddressReply(CommandReply):
    address_id: str = Field(examples=["adr_01KARQ0000ABCDEFGHJKMNPQRS"])


class PaymentMethodReply(CommandReply):
    payment_method_id: str = Field(examples=["pmt_01KARQ0000ABCDEFGHJKMNPQRS"])


class ShopReply(CommandReply):
    shop_id: str
    name: str
    country: str
    currency: str


class ProductReply(CommandReply):
    product_id: str
    skus: list[str]
    discontinued: bool = False


class CategoryReply(CommandReply):
    category_id: str = Field(examples=["cat_000000000030KFQ6X6R9TBRXWC"])
    path: str = Field(examples=["Furniture/Beds"])


class OfferReply(CommandReply):
    offer_id: str
    product_id: str
    shop_id: str
    sku: str


class PromotionReply(CommandReply):
    promotion_id: str = Field(examples=["prm_01KARQ0000ABCDEFGHJKMNPQRS"])


class RuleReply(CommandReply):
    rule_id: str = Field(examples=["rul_01KARQ0000ABCDEFGHJKMNPQRS"])


class StockReply(CommandReply):
    shop_id: str
    sku: str
    on_hand: int
    committed: int
    held: int
    available: int
