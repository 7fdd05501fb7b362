"""What else might please: beside a product, and at all."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from projections.catalog.projector import ProductRow
from readapi.caching.ready import Ready, headers_of
from readapi.consistency import at_both_positions
from readapi.edge.openapi import problem_responses
from readapi.edge.paging import page
from readapi.edge.positions import min_position
from readapi.productquery import CHARS_MAX, path
from readapi.reading import reading_of
from readapi.recommending import AlsoBought, Card, PopularList, also_bought, cards_on_sale
from readapi.services import ReadServices
from readapi.shown.languages import PARAMETER as ACCEPTED
from readapi.shown.languages import told_headers, wanted_of

router = APIRouter(tags=["discovery"])
BESIDE_MAX = 20
POPULAR_MAX = 50
SHARED_S = 60
"""Anybody may hold an answer for so long, unless a price on it begins or ends before that."""


@router.get(
    "/api/products/{product_id}/also-bought",
    summary="What buyers of a product bought with it",
    responses={200: {"model": AlsoBought}, **problem_responses("not_found", "position_not_reached")},
    openapi_extra={"parameters": [ACCEPTED]},
)
async def get_also_bought(
    request: Request, product_id: str, limit: Annotated[int, Query(ge=1, le=BESIDE_MAX)] = 10
) -> Response:
    """The best first, and only what is in stock. `basis` says whether orders tell so, or these are what sells in the
    product's category of late because too few orders hold it. New orders count within ten minutes."""
    services: ReadServices = request.app.state.services
    position = await at_both_positions(request)
    row: ProductRow | None = await services.views.get("products", product_id)
    if row is None:
        raise NotFound("no such product")
    affinities = reading_of(request).affinities
    basis, found = await also_bought(affinities, product_id, row.description.category, min_position(request))
    now = services.clock()
    cards = await cards_on_sale(services.views, found, now, limit, wanted_of(request))
    return _for_everybody(cards, position, now, basis=basis)


@router.get(
    "/api/popular",
    summary="What sells",
    responses={200: {"model": PopularList}, **problem_responses("position_not_reached")},
    openapi_extra={"parameters": [ACCEPTED]},
)
async def get_popular(
    request: Request,
    category: Annotated[str, Query(max_length=CHARS_MAX, examples=["Furniture/Beds"])] = "",
    limit: Annotated[int, Query(ge=1, le=POPULAR_MAX)] = 20,
) -> Response:
    """What was in most paid orders of the last five weeks, the most first, and only what is in stock. Of a `category`
    and below it, or of the nearest broader one of which anything was sold. New orders count within a minute."""
    services: ReadServices = request.app.state.services
    position = await at_both_positions(request)
    popular = await reading_of(request).affinities.popular(min_position(request))
    found = popular.within(path("category", category))
    now = services.clock()
    cards = await cards_on_sale(services.views, found, now, limit, wanted_of(request))
    return _for_everybody(cards, position, now)


def _for_everybody(cards: list[Card], position: int, now: int, **more: str) -> Response:
    """For whoever names no position: a cache may not answer those who do by what it has."""
    body = msgspec.json.encode({**more, **page([card.shown for card in cards])})
    lasts = min((SHARED_S, *((card.price_until - now) // 1000 for card in cards)))
    own = (
        *headers_of(body),
        (b"cache-control", b"public, max-age=%d" % lasts),
        (b"vary", b"Kontor-Min-Position"),
        *told_headers(card.language for card in cards),
    )
    return Ready(body, position, own)
