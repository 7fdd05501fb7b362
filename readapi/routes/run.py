"""What owners run for their shops and administrators for the whole marketplace, such as promotions: who may see it, and
lists of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from domain.errors import Forbidden
from projections.projector import Table
from readapi.edge.principal import Principal
from readapi.lists import List, Page, page_of
from readapi.ownshops import require_manager, shop_row
from readapi.services import ReadServices

ShopParameter = Annotated[str, Query(alias="shopId", max_length=40)]


async def require_runner(services: ReadServices, principal: Principal, shop_id: str, what: str) -> None:
    """Without a shop it is the marketplace's. Raises NotFound, Forbidden."""
    if shop_id:
        require_manager(principal, await shop_row(services, shop_id))
    elif "admin" not in principal.scopes:
        raise Forbidden(f"{what} of the whole marketplace are for administrators; name your shop")


async def newest_of(request: Request, table: Table, shop_id: str, cursor: str | None, limit: int) -> Page:
    """Rows of the shop, or of the marketplace, the newest first. Raises BadParameter."""
    services: ReadServices = request.app.state.services
    name = f"{table.name}:{shop_id}"
    listed = List(name, table.name, "shop", shop_id, lambda entry: entry.row.created_at, newest_first=True)
    return await page_of(request, services.views, listed, cursor, limit)
