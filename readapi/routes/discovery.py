"""What else might please: beside a product."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from projections.catalog.projector import ProductRow
from readapi.consistency import at_history_position
from readapi.edge.openapi import problem_responses
from readapi.edge.paging import page
from readapi.edge.positions import min_position
from readapi.languages import PARAMETER as ACCEPTED
from readapi.languages import list_headers, wanted_of
from readapi.reading import reading_of
from readapi.ready import Ready, headers_of
from readapi.recommending import AlsoBought, also_bought, cards_on_sale
from readapi.services import ReadServices

router = APIRouter(tags=["discovery"])
BESIDE_MAX = 20


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
    position = await at_history_position(request)
    row: ProductRow | None = await services.views.get("products", product_id)
    if row is None:
        raise NotFound("no such product")
    affinities = reading_of(request).affinities
    basis, found = await also_bought(affinities, product_id, row.description.category, min_position(request))
    cards = await cards_on_sale(services.views, found, services.clock(), limit, wanted_of(request))
    body = msgspec.json.encode({"basis": basis, **page([card.shown for card in cards])})
    own = (*headers_of(body), (b"cache-control", b"public, max-age=60"))
    return Ready(body, position, (*own, *list_headers(card.language for card in cards)))
