"""Bodies and answers of the commands about subscriptions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from domain.outgoing.subscription import PATTERNS_MAX, URL_MAX
from readapi.edge.validation import told
from readapi.shapes.events import SUBSCRIPTION_ID as ID
from readapi.shapes.shape import Shape
from writeapi.bodies.replies import CommandReply
from writeapi.requests import Body

Pattern = Annotated[str, Field(min_length=1, max_length=60, examples=["order.*"])]
EVENT_ID = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS/3"])
_NEW: dict[str, Any] = {"url": "https://hooks.example/kontor", "types": ["order.paid", "payment.*"]}


class NewSubscription(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    url: str = Field(min_length=1, max_length=URL_MAX, description="https, at a public address")
    types: list[Pattern] = Field(
        min_length=1, max_length=PATTERNS_MAX, description="types of events; `order.*` is all of a kind, `*` all"
    )


class Redelivery(Body):
    """One of the two."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"eventId": "ord_01KARQ0000ABCDEFGHJKMNPQRS/3"}, {"position": "4711"}]}
    )

    event_id: str | None = Field(None, max_length=200)
    position: str | None = Field(
        None, pattern=told(r"^[1-9][0-9]{0,17}$", "a number from 1, as a text"), description="of the event in the log"
    )


class SubscriptionReply(CommandReply):
    subscription_id: str = ID
    secret: str | None = Field(
        description="signs every message; told this once. Null to a repeated request, once the subscription has ended",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )


class RedeliveryReply(Shape):
    subscription_id: str = ID
    event_id: str = EVENT_ID
    position: str = Field(description="opaque; where the log stands", examples=["4711"])
