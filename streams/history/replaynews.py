"""What a replay (`kontor replay`) last said of itself, for whoever asks a service how far it is."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from domain.instants import instant
from domain.stored.codec import DAMAGED

KEPT_MS = 86_400_000
"""A day: older news concerns nobody."""
End = Literal["done", "refused", "interrupted"]


class Speed(msgspec.Struct, frozen=True):
    """Of the stretch of the log that is folded."""

    events_per_s: float
    rows_per_s: float
    left_s: float | None
    """None while nothing is known of it."""


class News(msgspec.Struct, frozen=True):
    asked: str
    """What was asked for: a projection's name, ``all``, or a file's."""
    projection: str
    """What is at work; ``all`` while several are folded together."""
    step: str
    """``begin``, ``fold``, ``compare``, ``swap`` or ``done``, as the tool calls them."""
    said: str
    began_at: int
    at: int
    """When this was said (ms)."""
    done: int | None = None
    total: int | None = None
    unit: Literal["events", "documents"] = "events"
    speed: Speed | None = None
    end: End | None = None


encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(News).decode


def current(said: bytes | None, now: int) -> News | None:
    """None where there is no news, or only of another day or in another program's words."""
    try:
        news = None if said is None else _decode(said)
    except DAMAGED:
        return None
    return news if news is not None and now - news.at < KEPT_MS else None


def news_json(news: News) -> dict[str, Any]:
    speed = news.speed
    return {
        "asked": news.asked,
        "projection": news.projection,
        "step": news.step,
        "said": news.said,
        "beganAt": instant(news.began_at),
        "at": instant(news.at),
        "done": news.done,
        "total": news.total,
        "unit": news.unit,
        "eventsPerSecond": speed and round(speed.events_per_s),
        "rowsPerSecond": speed and round(speed.rows_per_s),
        "secondsLeft": speed and speed.left_s,
        "end": news.end,
    }
