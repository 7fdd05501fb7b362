"""One shop's offer of a SKU, for those who run the shop: as it is, or as it stood at an instant or version."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from domain.ids import offer_id
from projections.catalog.projector import OFFERS, OfferRow
from readapi.caching.ready import answer
from readapi.consistency import at_log_position, at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import RequiredPrincipal
from readapi.instants import instant
from readapi.ownshops import require_manager, shop_row
from readapi.services import ReadServices
from readapi.shapes.described import OfferTermsOut
from readapi.shown.past import row_then, until_of

router = APIRouter(tags=["merchants"])
SkuInPath = Annotated[str, Path(min_length=1, max_length=100, examples=["BED-160"])]


@router.get(
    "/api/offers/{shop_id}/{sku:path}",
    summary="An offer's terms, as they are or as they stood at an instant or version",
    responses={
        200: {"model": OfferTermsOut},
        **problem_responses("unauthenticated", "forbidden", "not_found", "position_not_reached"),
    },
    openapi_extra=signed_in(),
)
async def get_offer(
    request: Request,
    shop_id: str,
    sku: SkuInPath,
    principal: RequiredPrincipal,
    as_of: Annotated[str | None, Query(alias="asOf", max_length=40)] = None,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Response:
    """From the log itself, so a withdrawn offer can still be read as it was."""
    services: ReadServices = request.app.state.services
    await at_position(request)
    require_manager(principal, await shop_row(services, shop_id))
    until = until_of(version, as_of)
    position = await at_log_position(request)
    row: OfferRow | None = await row_then(services.log, OFFERS, offer_id(shop_id, sku), until)
    if row is None:
        raise NotFound("the shop does not, or did not then, offer this SKU")
    return answer(offer_terms_json(shop_id, sku, row), position)


def offer_terms_json(shop_id: str, sku: str, row: OfferRow) -> dict[str, Any]:
    terms = row.terms
    return {
        "offerId": offer_id(shop_id, sku),
        "shopId": shop_id,
        "sku": sku,
        "productId": row.product_id,
        "price": terms.price,
        "listPrice": terms.list_price,
        "shipsTo": terms.ships_to,
        "holdPolicy": terms.hold_policy,
        "limitPerAccount": terms.limit_per_account,
        "backorder": terms.backorder,
        "prices": [
            {
                "price": one.price,
                "startsAt": instant(one.starts_at) if one.starts_at else None,
                "endsAt": instant(one.ends_at) if one.ends_at else None,
                "group": one.group or None,
                "name": one.name or None,
            }
            for one in terms.prices
        ],
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }
