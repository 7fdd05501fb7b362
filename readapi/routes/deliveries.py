"""What it costs to have a product delivered, and how long it takes, before it is in any cart."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from projections.shops.projector import ShopRow
from readapi.caching.ready import answer
from readapi.consistency import at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import page
from readapi.edge.problems import BadParameter
from readapi.productquery import place, refuse_unknown
from readapi.reading import reading_of
from readapi.routes.products import PRODUCT_ID, SHIP_TO
from readapi.services import ReadServices
from readapi.shapes.deliveries import DeliveryList
from readapi.shown.audience import seen_by
from readapi.shown.delivering import deliveries
from readapi.shown.destination import ANYWHERE
from streams.indexing.assembly import assemble

router = APIRouter(tags=["catalog"])
QUANTITY_MAX = 999
QUANTITY = {
    "name": "quantity",
    "in": "query",
    "required": False,
    "description": "units of one offer",
    "schema": {"type": "integer", "minimum": 1, "maximum": QUANTITY_MAX, "default": 1},
}
_ASKED = frozenset(("shipTo", "quantity"))


@router.get(
    "/api/products/{product_id}/delivery",
    summary="What delivery of each offer costs",
    responses={
        200: {"model": DeliveryList},
        **problem_responses("unauthenticated", "not_found", "position_not_reached"),
    },
    openapi_extra={"parameters": [PRODUCT_ID, SHIP_TO, QUANTITY], **signed_in(required=False)},
)
async def get_deliveries(request: Request) -> Response:
    """By method, with working days, for a parcel of one offer alone: what else is ordered of the same shop comes with
    it, and promotions may take something off. Offers in the order of the product's page.

    To `shipTo`; for an account that says nothing, to its newest address; for others within each shop's own country. An
    offer that does not go there has no `methods`.
    """
    services: ReadServices = request.app.state.services
    asked = refuse_unknown(request.scope["query_string"], _ASKED)
    ship_to = place("shipTo", asked["shipTo"]) if "shipTo" in asked else None
    quantity = _quantity(asked.get("quantity", "1"))
    if ship_to is not None and ship_to != ANYWHERE and ship_to[:2] not in services.shipping.regions:
        raise BadParameter("query", "shipTo", "there is no such country")
    audience = await reading_of(request).destinations.audience(request, ship_to)
    position = await at_position(request)
    product_id, now = request.path_params["product_id"], services.clock()
    one = (await assemble(services.views, (product_id,), now)).get(product_id)
    if one is None or one.product.draft:
        raise NotFound("no such product")
    seen = seen_by(one, audience, now)
    shop_ids = sorted({seller.shop_id for seller in seen.offers})
    shops: dict[str, ShopRow] = await services.views.get_many("shops", shop_ids)
    countries = {shop_id: row.shop.country for shop_id, row in shops.items()}
    items: list[dict[str, Any]] = deliveries(seen, countries, services.shipping, audience.country, quantity)
    return answer(page(items, next=None, prev=None), position)


def _quantity(raw: str) -> int:
    """Raises BadParameter."""
    if not (raw.isascii() and raw.isdecimal() and len(raw) <= 3 and int(raw) > 0):
        raise BadParameter("query", "quantity", f"a whole number from 1 to {QUANTITY_MAX}")
    return int(raw)
