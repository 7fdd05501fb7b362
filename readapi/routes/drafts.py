"""What is begun and neither published nor offered: drafts of a shop's owner, which no other list has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.ids import offer_id
from projections.catalog.projector import OFFERS, PRODUCTS
from projections.views import Entry
from readapi.caching.ready import answer
from readapi.consistency import at_position
from readapi.edge.openapi import signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import RequiredPrincipal
from readapi.instants import instant
from readapi.lists import List
from readapi.ownshops import OWN, require_manager, shop_row
from readapi.services import ReadServices
from readapi.shapes.shops import ShopDraftList
from readapi.sifted import sifted_page

router = APIRouter(tags=["merchants"])


@router.get(
    "/api/shops/{shop_id}/drafts",
    summary="Drafts of the shop's owner that the shop does not offer, newest first",
    responses={200: {"model": ShopDraftList}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_drafts(
    request: Request, shop_id: str, principal: RequiredPrincipal, cursor: CursorParameter = None, limit: Limit = 20
) -> Response:
    """Those with an offer of this shop are among its offers. The newest 2,000 of the rest are looked through, so a page
    may have fewer, or none, while `next` goes on; there is no `prev`."""
    services: ReadServices = request.app.state.services
    position = await at_position(request)
    shop = await shop_row(services, shop_id)
    require_manager(principal, shop)

    async def shown(entries: Sequence[Entry]) -> list[Any]:
        of = {offer_id(shop_id, variant.sku): entry.key for entry in entries for variant in entry.row.variants}
        offered = {of[key] for key in await services.views.get_many(OFFERS.name, list(of))}
        return [None if entry.key in offered else draft_json(entry) for entry in entries]

    owner_id = shop.shop.owner_id
    drafts = List(
        f"drafts:{shop_id}", PRODUCTS.name, "drafts", owner_id, lambda entry: entry.row.created_at, newest_first=True
    )
    found = await sifted_page(request, services.views, drafts, cursor, limit, shown)
    return answer(page(found.items, next=found.next), position)


def draft_json(entry: Entry) -> dict[str, Any]:
    said = entry.row.description
    return {
        "productId": entry.key,
        "title": said.title,
        "brand": said.brand,
        "category": said.category,
        "skus": [variant.sku for variant in entry.row.variants],
        "createdAt": instant(entry.row.created_at),
        "updatedAt": instant(entry.row.updated_at),
        "version": entry.row.version,
    }
