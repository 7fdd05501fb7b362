"""Signals: what shoppers do that is no command. They are left in a queue, and nobody waits for what becomes of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter
from pydantic import ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from readapi.edge.openapi import problem_responses
from readapi.edge.validation import told
from readapi.sessions import NAMED, Session, opted_out
from readapi.shapes.shape import Shape
from streams.signals.signal import Signal, normal
from writeapi.requests import Body, services_of

router = APIRouter(tags=["discovery"])
SIGNALS_MAX = 20
QUERY_MAX = 200


class SignalIn(Body):
    kind: Literal["search", "click", "cart", "purchase"] = Field(
        description="`click`: the product's page was opened", examples=["click"]
    )
    product_id: Annotated[
        str | None,
        Field(pattern=told("^prd_[0-9A-Za-z]{1,40}$", "a product's id, such as prd_01KARQ0000ABCDEFGHJKMNPQRS")),
    ] = Field(None, description="needed unless it is a search", examples=["prd_01KARQ0000ABCDEFGHJKMNPQRS"])
    query: Annotated[str | None, Field(max_length=QUERY_MAX)] = Field(
        None, description="the words that were searched for, or whose search led here", examples=["oak bed"]
    )

    @model_validator(mode="after")
    def _whole(self) -> SignalIn:
        if self.kind == "search" and not self.query:
            raise ValueError("a search has a query")
        if self.kind != "search" and self.product_id is None:
            raise ValueError(f"a {self.kind} has a productId")
        return self


_EXAMPLE: Any = {
    "signals": [
        {"kind": "search", "query": "oak bed"},
        {"kind": "click", "productId": "prd_01KARQ0000ABCDEFGHJKMNPQRS", "query": "oak bed"},
    ]
}


class SignalsIn(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    signals: Annotated[list[SignalIn], Field(min_length=1, max_length=SIGNALS_MAX)]


class Taken(Shape):
    taken: int = Field(description="how many of them; the rest is lost", examples=[2])


@router.post(
    "/api/signals",
    status_code=202,
    summary="Say what was searched for, opened, put into the cart and bought",
    responses={202: {"model": Taken}},
    openapi_extra=NAMED,
)
async def take_signals(request: Request, body: SignalsIn, session: Session) -> Response:
    """For suggestions, and for what was viewed recently; nothing that is sold or charged depends on it.

    Signals are lost rather than that anybody waits for them. The session is stored as a digest, account and address are
    not stored. With `Sec-GPC: 1` or `DNT: 1` nothing is taken.
    """
    services = services_of(request)
    taken = 0
    if services.signals is not None and not opted_out(request):
        at = services.clock()
        signals = [Signal(one.kind, session, at, one.product_id or "", normal(one.query or "")) for one in body.signals]
        taken = services.signals.offer(signals)
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode({"taken": taken}), 202, headers=headers, media_type="application/json")


@router.delete(
    "/api/signals",
    status_code=204,
    summary="Forget what a session viewed",
    responses=problem_responses("overloaded"),
    openapi_extra=NAMED,
)
async def forget_session(request: Request, session: Session) -> Response:
    """Counts of searches name no session and stay."""
    services = services_of(request)
    if services.signals is not None:
        await services.signals.forget(session)
    return Response(status_code=204)
