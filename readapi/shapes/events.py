"""Shapes of the feed of events, of subscriptions to it and of what a CDN is to forget."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from readapi.shapes.shape import Shape, Versioned


class EventOut(Shape):
    position: str = Field(description="where it stands in the log", examples=["4711"])
    id: str = Field(description="names the event for ever", examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS/3"])
    type: str = Field(examples=["order.paid"])
    stream: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    version: int = Field(description="of the stream", examples=[3])
    at: datetime
    correlation: str | None = Field(description="what it belongs to, such as an order")
    causation: str | None = Field(description="id of the event that led to it")
    actor: str | None = Field(description="an account, `anonymous`, or a part of Kontor", examples=["system:payments"])
    data: dict[str, Any] | None = Field(description="null for what this version cannot read")


class EventList(Shape):
    items: list[EventOut]
    next: str = Field(description="`after` of the next request", examples=["4711"])
    prev: None


SUBSCRIPTION_ID = Field(examples=["sub_01KARQ0000ABCDEFGHJKMNPQRS"])


class SubscriptionOut(Versioned):
    subscription_id: str = SUBSCRIPTION_ID
    url: str
    types: list[str]
    status: Literal["active", "disabled"]
    reason: Literal["gone"] | None = Field(description="why it is disabled: the receiver answered 410")
    reached: str = Field(description="position up to which it was told, but for what waits", examples=["4711"])
    waiting: int = Field(description="deliveries that failed and will be tried again")
    parked: int = Field(description="deliveries that were given up")


class SubscriptionList(Shape):
    items: list[SubscriptionOut]
    next: None
    prev: None


class PurgeOut(Shape):
    items: list[str] = Field(
        description="keys as in `Surrogate-Key` and `Cache-Tag`", examples=[["prd_01KARQ0000ABCDEFGHJKMNPQRS"]]
    )
    everything: bool = Field(description="the whole cache is to be purged")
    next: str = Field(description="goes into `after` of the next request", examples=["5f0c2d91ab3e.42"])
    prev: None
