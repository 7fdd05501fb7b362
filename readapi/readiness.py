"""Whether a service may be sent requests, and what it would have to do without."""

from __future__ import annotations

import asyncio
from typing import Any, Literal, NamedTuple

import msgspec
from pydantic import BaseModel, Field
from starlette.responses import Response

from commands.errors import StorageUnavailable
from readapi.fallback.degraded import away
from readapi.services import ReadServices, Store

LAG_MAX = 50_000
"""Events behind the log beyond which views are too old to be served."""
HEAD_S = 1.0
"""How long the log may take to say where it ends: whoever asks whether we are ready does not wait for long."""
LOG = "log"
Status = Literal["ok", "behind", "away"]


class Readiness(BaseModel):
    """The shape of the answer, for the OpenAPI document."""

    status: Status
    head: str = Field(description="position of the newest event, as far as known", examples=["4711"])
    lag: dict[str, int] = Field(description="events behind it, by view", examples=[{"views": 0, "search": 12}])
    degraded: list[str] = Field(
        description="what is away: answers that need it come from elsewhere and say so in Kontor-Degraded, or are 503",
        examples=[["search"]],
    )


READY: dict[str, Any] = {
    "summary": "The service can do its work",
    "description": "Queries: while something stands in for what is away, and no view that answers is too old. "
    "Commands: whenever the log can be reached.",
    "responses": {
        200: {"model": Readiness},
        503: {"model": Readiness, "description": "It cannot, or its answers would be too old"},
    },
}
"""The route's documentation: one text, for both services may be on one port."""


class Standing(NamedTuple):
    head: int
    """Of the log, or of the newest view while the log is away."""
    lag: dict[str, int]
    degraded: list[str]
    behind: bool
    """A view that answers is too old to be served."""


async def standing(services: ReadServices) -> Standing:
    views: dict[str, Store] = {"views": services.follower, "search": services.indexer}
    degraded: list[str] = list(away(services))
    try:
        async with asyncio.timeout(HEAD_S):
            head = await services.log.head()
    except (StorageUnavailable, TimeoutError):
        degraded.append(LOG)
        head = max(view.position for view in views.values())
    lag = {name: max(0, head - view.position) for name, view in views.items()}
    behind = any(lag[name] > LAG_MAX and not view.away for name, view in views.items())
    return Standing(head, lag, sorted(degraded), behind)


def answer(at: Standing, status: Status) -> Response:
    body = {"status": status, "head": str(at.head), "lag": at.lag, "degraded": at.degraded}
    return Response(msgspec.json.encode(body), 200 if status == "ok" else 503, media_type="application/json")
