"""Shapes of what operators are told, for the OpenAPI document alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from readapi.shapes.events import EventOut
from readapi.shapes.shape import Shape


class ParkedOut(Shape):
    kind: Literal["projection", "search", "delivery"]
    key: str = Field(description="for `kontor parked`", examples=["catalog/4711"])
    name: str = Field(
        description="the projection, the product, or whom it was to be delivered to", examples=["catalog"]
    )
    stream: str | None
    position: str | None
    since: datetime | None
    attempts: int | None = Field(description="of a delivery")
    reason: str = Field(examples=["ValueError('…')"])


class ParkedList(Shape):
    items: list[ParkedOut]
    next: None
    prev: None
    unknown: list[str] = Field(description="stores that do not answer", examples=[["redis"]])


class ConsumerOut(Shape):
    kind: Literal["projection", "delivery"]
    name: str = Field(examples=["catalog"])
    position: str = Field(examples=["4711"])
    lag: int = Field(description="events")
    seconds: float | None = Field(
        description="age of the first event that was not taken in; null for deliveries that another process sees to"
    )


class ReplayOut(Shape):
    asked: str = Field(description="a projection, `all`, or a file with one", examples=["orders"])
    projection: str = Field(description="what is at work; `all` while several are folded together", examples=["orders"])
    step: str = Field(description="`begin`, `fold`, `compare`, `swap` or `done`", examples=["fold"])
    said: str = Field(description="the step in words, or why it ended", examples=["from the beginning"])
    began_at: datetime
    at: datetime = Field(description="when it last said anything")
    done: int | None = Field(examples=[120_000])
    total: int | None = Field(examples=[250_000])
    unit: Literal["events", "documents"]
    events_per_second: int | None = Field(examples=[91_000])
    rows_per_second: int | None = Field(examples=[12_000])
    seconds_left: float | None = Field(examples=[1.4])
    end: Literal["done", "refused", "interrupted"] | None = Field(description="null while it is at work, or was killed")


class ConsumerList(Shape):
    items: list[ConsumerOut]
    next: None
    prev: None
    replay: ReplayOut | None


class StateThen(Shape):
    version: int = Field(description="events of the stream that count; 0 is before its first", examples=[3])
    position: str | None = Field(description="of the last of them", examples=["4711"])
    recorded_at: datetime | None
    state: dict[str, Any] | None = Field(description="what they add up to, without what is sealed")


class ChangeOut(Shape):
    path: str = Field(description="a JSON pointer into the state", examples=["/confirmed"])
    before: Any = Field(description="null where nothing was")
    after: Any = Field(description="null where nothing is any more")


class PartThen(StateThen):
    stream: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    aggregate: str = Field(examples=["order"])
    before: StateThen | None = Field(None, description="the earlier of two moments; only with `diff`")
    changes: list[ChangeOut] | None = Field(None, description="a thousand at most; only with `diff`")
    changes_total: int | None = None
    events: list[EventOut] | None = Field(None, description="the first thousand between the two; only with `diff`")
    events_total: int | None = None


class StreamThen(PartThen):
    related: list[PartThen] = Field(description="of an order its payment, once there was one")
