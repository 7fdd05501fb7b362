"""What comes of signals: what a session viewed recently, and what others search for."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from readapi.caching.popularsearches import KEPT_MAX
from readapi.consistency import at_position
from readapi.edge.openapi import problem_responses
from readapi.edge.paging import page
from readapi.edge.positions import HEADER as POSITION_HEADER
from readapi.edge.positions import format_position
from readapi.reading import reading_of
from readapi.recommending import cards_of
from readapi.services import ReadServices
from readapi.sessions import NAMED, Session, opted_out
from readapi.shapes.products import ProductCard
from readapi.shapes.shape import Listed, Shape
from readapi.shown.languages import wanted_of
from streams.signals.port import VIEWED_MAX, SignalsAway

router = APIRouter(tags=["discovery"])


class ViewedList(Listed):
    items: list[ProductCard]


class PopularSearch(Shape):
    text: str = Field(examples=["oak bed"])


class PopularSearchList(Listed):
    items: list[PopularSearch]


@router.get(
    "/api/recently-viewed",
    summary="What a session viewed, the newest first",
    responses={200: {"model": ViewedList}, **problem_responses("overloaded", "position_not_reached")},
    openapi_extra=NAMED,
)
async def get_recently_viewed(
    request: Request, session: Session, limit: Annotated[int, Query(ge=1, le=VIEWED_MAX)] = 20
) -> Response:
    """Products whose pages were opened (`click`) in the last 30 days, without those that are discontinued. Shows what
    has arrived, which takes a second or so; while the store of signals is away, nothing. Only the cards are as of the
    position."""
    services: ReadServices = request.app.state.services
    position = await at_position(request)
    viewed: list[str] = []
    if services.signals is not None and not opted_out(request):
        try:
            viewed = await services.signals.viewed(session)
        except SignalsAway:
            viewed = []
    cards = await cards_of(services.views, viewed, services.clock(), limit, wanted_of(request))
    body = msgspec.json.encode(page([card.shown for card in cards]))
    headers = {POSITION_HEADER: format_position(position), "Cache-Control": "private, no-store"}
    return Response(body, headers=headers, media_type="application/json")


@router.get(
    "/api/searches/popular",
    summary="What others search for and find",
    responses={200: {"model": PopularSearchList}},
)
async def get_popular_searches(request: Request, limit: Annotated[int, Query(ge=1, le=KEPT_MAX)] = 10) -> Response:
    """Words that led at least three sessions of one day to a product within two weeks, and that find something now."""
    texts = reading_of(request).popular_searches.texts()[:limit]
    body = msgspec.json.encode(page([{"text": text} for text in texts]))
    return Response(body, headers={"Cache-Control": "public, max-age=60"}, media_type="application/json")
